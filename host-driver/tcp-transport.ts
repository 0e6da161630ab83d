import { connect as connectSocket, type Socket } from 'node:net';
import { putVarint, VarintFrameReceiver, varintBytes } from '../protos/framing/varint-frames.js';
import { formatAddress } from '../protos/lines/address.js';
import { ConnectionLostError, TimeoutError } from './errors.js';
import { frameAssembly } from './frame-assembly.js';
import { MAX_FRAME_BYTES, MAX_TRANSFER_BYTES, RECEIVE_CHUNK_BYTES, SEND_BUFFER_BYTES } from './limits.js';
import type { Transport } from './transport.js';
import { TransportEvents } from './transport-events.js';

/**
 * Connects to a card over TCP.
 * @throws ConnectionLostError when nobody answers there; TimeoutError when it takes longer than `timeoutMs`.
 */
export function tcpTransport(host: string, port: number, timeoutMs: number): Promise<Transport> {
  const remote = formatAddress({ kind: 'tcp', host, port });
  const events = new TransportEvents();
  const receiver = new VarintFrameReceiver(MAX_FRAME_BYTES, frameAssembly(events));
  return new Promise((resolve, reject) => {
    // `onread` with memory of our own moves nearly twice what 'data' events move: no buffer is made for a read.
    const socket = connectSocket({
      host,
      port,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(RECEIVE_CHUNK_BYTES),
        callback: (lengthBytes, memory) => {
          receive(memory.subarray(0, lengthBytes));
          return true;
        },
      },
    });
    const receive = (chunk: Uint8Array): void => {
      try {
        receiver.feed(chunk);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const tooLate = setTimeout(() => {
      reject(new TimeoutError(`no connection to ${remote} within ${String(timeoutMs)} ms; is the card's machine reachable?`));
      socket.destroy();
    }, timeoutMs);
    socket.once('connect', () => {
      clearTimeout(tooLate);
      resolve(overSocket(socket, remote, events));
    });
    socket.on('error', (error) => {
      clearTimeout(tooLate);
      events.end(error.message);
      // Does nothing once connected.
      reject(new ConnectionLostError(`cannot connect to ${remote}: ${error.message}; is the card running?`));
    });
    socket.on('end', () => {
      events.end('closed by the card');
    });
    socket.on('close', () => {
      events.end('closed by the card');
    });
  });
}

function overSocket(socket: Socket, remote: string, events: TransportEvents): Transport {
  const sendCorked = corkedPerTurn(socket);
  socket.on('drain', () => {
    events.drain();
  });
  return {
    remote,
    maxPayloadBytes: MAX_TRANSFER_BYTES,
    bytesPerSecond: Infinity,
    lossy: false,
    send: (parts) => {
      if (events.closed) return true;
      sendCorked(delimited(parts));
      return socket.writableLength < SEND_BUFFER_BYTES;
    },
    onFrame: events.onFrame,
    onClose: events.onClose,
    onDrain: events.onDrain,
    close: () => {
      events.end('closed by this host');
      socket.destroy();
    },
  };
}

/** The frame behind its length; the first part, a short head, is copied, so that there is one write the less. */
function delimited(parts: readonly Uint8Array[]): Uint8Array[] {
  let lengthBytes = 0;
  for (const part of parts) lengthBytes += part.length;
  const [head = new Uint8Array(0), ...rest] = parts;
  const start = new Uint8Array(varintBytes(lengthBytes) + head.length);
  start.set(head, putVarint(start, 0, lengthBytes));
  return [start, ...rest];
}

/** Gathers all that is sent in one turn of the event loop into one `writev`. */
function corkedPerTurn(socket: Socket): (parts: readonly Uint8Array[]) => void {
  let corked = false;
  const uncork = (): void => {
    corked = false;
    socket.uncork();
  };
  return (parts) => {
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(uncork);
    }
    for (const part of parts) socket.write(part);
  };
}
