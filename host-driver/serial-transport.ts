import { setTimeout as sleep } from 'node:timers/promises';
import type { SerialPort } from 'serialport';
import { CobsFrameReceiver, encodeCobsFrame } from '../protos/framing/cobs-frames.js';
import { formatAddress } from '../protos/lines/address.js';
import { mendPort, serialBytesPerSecond, serialSettings } from '../protos/lines/serial-port.js';
import { ConnectionLostError } from './errors.js';
import { frameAssembly } from './frame-assembly.js';
import {
  MAX_FRAME_BYTES,
  SEND_BUFFER_BYTES,
  SERIAL_LOCK_RETRY_MS,
  SERIAL_LOCK_WAIT_MS,
  SERIAL_PAYLOAD_MS,
} from './limits.js';
import { nowMs } from './pace.js';
import type { Transport } from './transport.js';
import { TransportEvents } from './transport-events.js';

/**
 * Opens a serial line to a card. Modem lines are neither set nor looked at: many adapters have none.
 * @throws ConnectionLostError when the port cannot be opened.
 */
export async function serialTransport(path: string, baud: number): Promise<Transport> {
  const remote = formatAddress({ kind: 'serial', path, baud });
  // Loaded only here: it brings a native add-on that no other line needs.
  const { SerialPort } = await import('serialport');
  const port = new SerialPort(serialSettings(path, baud));
  const givenUpMs = nowMs() + SERIAL_LOCK_WAIT_MS;
  for (let error = await open(port); error !== null; error = await open(port)) {
    // A connection just closed holds the port's lock until its last write has left the kernel.
    if (!error.message.includes('lock') || nowMs() > givenUpMs) {
      throw new ConnectionLostError(`cannot open ${remote}: ${error.message}; is the port there, and free?`);
    }
    await sleep(SERIAL_LOCK_RETRY_MS);
  }
  mendPort(port);
  return overPort(port, remote, baud);
}

function open(port: SerialPort): Promise<Error | null> {
  return new Promise((resolve) => { port.open(resolve); });
}

function overPort(port: SerialPort, remote: string, baud: number): Transport {
  const bytesPerSecond = serialBytesPerSecond(baud);
  const events = new TransportEvents();
  const receiver = new CobsFrameReceiver(MAX_FRAME_BYTES, frameAssembly(events));
  port.on('data', (chunk: Buffer) => {
    receiver.feed(chunk);
  });
  port.on('drain', () => {
    events.drain();
  });
  port.on('error', (error) => {
    events.end(error.message);
    closePort(port);
  });
  port.on('close', (error?: Error | null) => {
    events.end(error?.message ?? 'the port was closed');
  });
  return {
    remote,
    maxPayloadBytes: (bytesPerSecond * SERIAL_PAYLOAD_MS) / 1000,
    bytesPerSecond,
    lossy: true,
    send: (parts) => {
      if (events.closed) return true;
      port.write(encodeCobsFrame(parts));
      return port.writableLength < SEND_BUFFER_BYTES;
    },
    onFrame: events.onFrame,
    onClose: events.onClose,
    onDrain: events.onDrain,
    close: () => {
      events.end('closed by this host');
      closePort(port);
    },
  };
}

function closePort(port: SerialPort): void {
  // What goes wrong while closing has no one left to concern.
  if (port.isOpen && !port.closing) port.close(() => undefined);
}
