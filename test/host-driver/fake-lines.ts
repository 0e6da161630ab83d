import { createServer, type Socket } from 'node:net';
import { CobsFrameReceiver, encodeCobsFrame } from '../../protos/framing/cobs-frames.js';
import { encodeLengthPrefix, VarintFrameReceiver } from '../../protos/framing/varint-frames.js';
import { mendPort } from '../../protos/lines/serial-port.js';
import type { FrameChannel } from '../../host-driver/in-process-transport.js';

/** The card's end of a line. */
export interface CardLine {
  send(frame: Uint8Array): void;
  onFrame(handler: (frame: Uint8Array) => void): void;
  onClose(handler: () => void): void;
  close(): void;
}

const MAX_FRAME_BYTES = 2 ** 21;

/** A line in memory. Frames cross it in order, each in a turn of its own, as copies. */
export function memoryLine(): { host: FrameChannel; card: CardLine } {
  const host = lineEnd();
  const card = lineEnd();
  const close = (reason: string): void => {
    host.end(reason);
    card.end(reason);
  };
  return {
    host: {
      send: (parts) => {
        card.deliver(Buffer.concat(parts));
      },
      onFrame: host.onFrame,
      onClose: host.onClose,
      close: () => {
        close('closed by the host');
      },
    },
    card: {
      send: (frame) => {
        host.deliver(frame.slice());
      },
      onFrame: card.onFrame,
      onClose: (handler) => {
        card.onClose(handler);
      },
      close: () => {
        close('closed by the card');
      },
    },
  };
}

function lineEnd(): {
  deliver: (frame: Uint8Array) => void;
  end: (reason: string) => void;
  onFrame: (handler: (frame: Uint8Array) => void) => void;
  onClose: (handler: (reason: string) => void) => void;
} {
  let onFrame: ((frame: Uint8Array) => void) | undefined;
  let onClose: ((reason: string) => void) | undefined;
  let open = true;
  return {
    deliver: (frame) => {
      setImmediate(() => {
        if (open) onFrame?.(frame);
      });
    },
    end: (reason) => {
      if (!open) return;
      open = false;
      setImmediate(() => onClose?.(reason));
    },
    onFrame: (handler) => {
      onFrame = handler;
    },
    onClose: (handler) => {
      onClose = handler;
    },
  };
}

/** Listens on a free port of this machine; each connection is a line. */
export async function listenTcp(onLine: (line: CardLine, socket: Socket) => void): Promise<{ address: string; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    onLine(tcpLine(socket), socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('not bound to a port');
  return {
    address: `tcp://127.0.0.1:${String(bound.port)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function tcpLine(socket: Socket): CardLine {
  let onFrame: ((frame: Uint8Array) => void) | undefined;
  const receiver = new VarintFrameReceiver(MAX_FRAME_BYTES, {
    needBuffer: (lengthBytes) => new Uint8Array(lengthBytes),
    frame: (buffer, lengthBytes) => onFrame?.(buffer.subarray(0, lengthBytes)),
  });
  socket.on('data', (chunk) => {
    try {
      receiver.feed(Buffer.from(chunk));
    } catch {
      socket.destroy();
    }
  });
  return {
    send: (frame) => {
      if (socket.destroyed) return;
      socket.write(encodeLengthPrefix(frame.length));
      socket.write(frame);
    },
    onFrame: (handler) => {
      onFrame = handler;
    },
    onClose: (handler) => {
      socket.on('close', handler);
    },
    close: () => {
      socket.destroy();
    },
  };
}

/** The card's end of a serial line. A host that hangs up is not noticed. */
export async function openSerialLine(path: string): Promise<CardLine & { closed(): Promise<void> }> {
  const { SerialPort } = await import('serialport');
  const port = new SerialPort({ path, baudRate: 115_200, autoOpen: false, hupcl: false });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  mendPort(port);
  // What was not written yet when a test ends.
  port.on('error', () => undefined);
  let onFrame: ((frame: Uint8Array) => void) | undefined;
  const receiver = new CobsFrameReceiver(MAX_FRAME_BYTES, {
    needBuffer: (lengthBytes) => new Uint8Array(lengthBytes),
    frame: (buffer, lengthBytes) => onFrame?.(buffer.subarray(0, lengthBytes)),
  });
  port.on('data', (chunk: Buffer) => { receiver.feed(chunk); });
  return {
    send: (frame) => { port.write(encodeCobsFrame([frame])); },
    onFrame: (handler) => { onFrame = handler; },
    onClose: (handler) => { port.on('close', handler); },
    close: () => { port.close(); },
    closed: () => new Promise((resolve) => { port.close(() => { resolve(); }); }),
  };
}
