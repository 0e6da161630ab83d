import type { SerialPort } from 'serialport';
import { CobsFrameReceiver, encodeCobsFrame } from '../protos/framing/cobs-frames.js';
import { ConnectionLostError } from './errors.js';
import { frameAssembly } from './frame-assembly.js';
import { MAX_FRAME_BYTES, SEND_BUFFER_BYTES, SERIAL_BITS_PER_BYTE, SERIAL_PAYLOAD_MS } from './limits.js';
import { waitForBoth } from './serial-poller.js';
import type { Transport } from './transport.js';
import { TransportEvents } from './transport-events.js';

/** Ports that this process is still closing: who comes again at once waits for that, and finds them free. */
const closing = new Map<string, Promise<void>>();

/**
 * Opens a serial line to a card. Modem lines are neither set nor looked at: many adapters have none.
 * @throws ConnectionLostError when the port cannot be opened.
 */
export async function serialTransport(path: string, baud: number): Promise<Transport> {
  const remote = `serial://${path}?baud=${String(baud)}`;
  // Loaded only here: it brings a native add-on that no other line needs.
  const { SerialPort } = await import('serialport');
  await closing.get(path);
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false, hupcl: false, rtscts: false });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null) resolve();
      else reject(new ConnectionLostError(`cannot open ${remote}: ${error.message}; is the port there, and free?`));
    });
  });
  waitForBoth(port.port);
  return overPort(port, remote, baud);
}

function overPort(port: SerialPort, remote: string, baud: number): Transport {
  const bytesPerSecond = baud / SERIAL_BITS_PER_BYTE;
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
    onFrame: (handler) => {
      events.onFrame(handler);
    },
    onClose: (handler) => {
      events.onClose(handler);
    },
    onDrain: (handler) => {
      events.onDrain(handler);
    },
    close: () => {
      events.end('closed by this host');
      closePort(port);
    },
  };
}

function closePort(port: SerialPort): void {
  if (!port.isOpen || port.closing) return;
  const closed = new Promise<void>((resolve) => {
    // What goes wrong while closing has no one left to concern.
    port.close(() => {
      closing.delete(port.path);
      resolve();
    });
  });
  closing.set(port.path, closed);
}
