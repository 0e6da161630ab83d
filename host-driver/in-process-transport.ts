import { MAX_TRANSFER_BYTES } from './limits.js';
import type { Transport } from './transport.js';
import { TransportEvents } from './transport-events.js';

/** The host's end of a memory port. A board in the same process provides it; the driver knows only its shape. */
export interface FrameChannel {
  send(parts: readonly Uint8Array[]): void;
  onFrame(handler: (frame: Uint8Array) => void): void;
  onClose(handler: (reason: string) => void): void;
  close(): void;
}

/** A card in the same process: frames are handed over in memory, and need no framing. */
export function inProcessTransport(channel: FrameChannel): Transport {
  const events = new TransportEvents();
  channel.onFrame((frame) => {
    events.frame(frame);
  });
  channel.onClose((reason) => {
    events.end(reason);
  });
  return {
    remote: 'the card in this process',
    maxPayloadBytes: MAX_TRANSFER_BYTES,
    bytesPerSecond: Infinity,
    lossy: false,
    send: (parts) => {
      if (!events.closed) channel.send(parts);
      return true;
    },
    onFrame: events.onFrame,
    onClose: events.onClose,
    onDrain: events.onDrain,
    close: () => {
      if (events.closed) return;
      channel.close();
      events.end('closed by this host');
    },
  };
}
