import type { SerialPort } from 'serialport';
import { CobsFrameReceiver, encodeCobsFrame } from '../protos/framing/cobs-frames.js';
import { ConnectionLostError } from './errors.js';
import { frameAssembly } from './frame-assembly.js';
import { MAX_FRAME_BYTES, SEND_BUFFER_BYTES, SERIAL_BITS_PER_BYTE, SERIAL_MAX_PAYLOAD_BYTES } from './limits.js';
import type { Transport } from './transport.js';
import { TransportEvents } from './transport-events.js';

/**
 * Opens a serial line to a card. Modem lines are neither set nor looked at: many adapters have none.
 * @throws ConnectionLostError when the port cannot be opened.
 */
export async function serialTransport(path: string, baud: number): Promise<Transport> {
  const remote = `serial://${path}?baud=${String(baud)}`;
  // Loaded only here: it brings a native add-on that no other line needs.
  const { SerialPort } = await import('serialport');
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false, hupcl: false, rtscts: false });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null) resolve();
      else reject(new ConnectionLostError(`cannot open ${remote}: ${error.message}; is the port there, and free?`));
    });
  });
  return overPort(port, remote, baud);
}

function overPort(port: SerialPort, remote: string, baud: number): Transport {
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
    maxPayloadBytes: SERIAL_MAX_PAYLOAD_BYTES,
    bytesPerSecond: baud / SERIAL_BITS_PER_BYTE,
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
  // What goes wrong while closing has no one left to concern.
  if (port.isOpen && !port.closing) port.close(() => undefined);
}
