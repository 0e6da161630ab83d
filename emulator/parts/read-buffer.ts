import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';

/** Who reads a socket. */
export interface SocketReader {
  /** Takes what came in; false stops reading until the socket is resumed. */
  take(chunk: Uint8Array): boolean;
  /** Where the next bytes should be read to, if not into the socket's own buffer. Asked at first and after each chunk. */
  target(): Uint8Array | undefined;
}

/**
 * Makes an accepted socket read into one fixed buffer. Node offers that (`onread`) only for sockets that
 * dial; for the others it allocates 64 KiB a read, which made 256 KiB writes of hosts three times slower and
 * the card 40 MB larger. So the handle moves to a socket made with `onread`. `handle` is what Node itself
 * makes accepted sockets with; where it is not found, `data` events do the same, slower.
 *
 * @param socket accepted with `pauseOnConnect`, and not to be used afterwards.
 * @param reader takes what came in.
 */
export function readIntoBuffer(socket: Socket, bufferBytes: number, reader: SocketReader): Socket {
  const holder = socket as unknown as { _handle?: object | null };
  const handle = holder._handle;
  if (typeof handle !== 'object' || handle === null) {
    socket.on('data', (chunk: Buffer) => {
      if (!reader.take(chunk)) socket.pause();
    });
    return socket;
  }
  holder._handle = null;
  const options: SocketConstructorOpts & { readonly handle: object; readonly onread: OnReadOpts } = { handle, onread: readBuffer(bufferBytes, reader) };
  return new Socket(options);
}

/** The option that makes a socket read into one fixed buffer, or where its reader wants the bytes. */
export function readBuffer(bufferBytes: number, reader: SocketReader): OnReadOpts {
  const own = Buffer.allocUnsafeSlow(bufferBytes);
  return {
    buffer: () => reader.target() ?? own,
    callback: (bytes, buffer) => reader.take(buffer.subarray(0, bytes)),
  };
}
