import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Completion } from '../../firmware/hal.js';
import { formatAddress, type TcpAddress } from '../../protos/lines/address.js';
import { emulatorErrors } from '../errors.js';
import { DIAL_TIMEOUT_MS, SOCKET_READ_BYTES } from '../limits.js';
import type { FrameHub } from './frame-hub.js';
import type { Attachment } from './attachment.js';
import { errorText } from './part-fault.js';
import { readBuffer, readIntoBuffer } from './read-buffer.js';
import { TcpLine } from './tcp-line.js';

/**
 * Listens for connections and hands them to the hub.
 * @throws EmulatorError ADDRESS_NOT_USABLE
 */
export function listenTcp(hub: FrameHub, address: TcpAddress): Promise<Attachment> {
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => { accept(hub, sockets, socket); });
  return new Promise((resolve, reject) => {
    server.once('error', (error) => { reject(emulatorErrors.addressNotUsable(formatAddress(address), errorText(error))); });
    server.listen(address.port, address.host, () => {
      server.removeAllListeners('error');
      // Too many open files, for one: that connection fails, the card goes on.
      server.on('error', () => undefined);
      const port = boundPort(server) ?? address.port;
      resolve({ address: formatAddress({ ...address, port }), close: () => closeServer(server, sockets) });
    });
  });
}

/** Sockets that were dialled, so that they can be closed with the port. */
export class TcpDialler {
  readonly #sockets = new Set<Socket>();

  constructor(private readonly hub: FrameHub) {}

  dial(address: TcpAddress, done: Completion<number>): void {
    if (!this.hub.hasRoom) {
      done.fail({ part: 'port', kind: 'closed', text: 'too many connections already' });
      return;
    }
    let line: TcpLine | undefined;
    const onread = readBuffer(SOCKET_READ_BYTES, { take: (chunk) => line?.take(chunk) ?? true, target: () => line?.target() });
    const socket = connect({ host: address.host, port: address.port, onread });
    this.#sockets.add(socket);
    let failure = 'it does not answer';
    const timer = setTimeout(() => { socket.destroy(); }, DIAL_TIMEOUT_MS);
    const failed = (error: Error): void => { failure = errorText(error); };
    socket.on('error', failed);
    socket.on('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
      if (line === undefined) done.fail({ part: 'port', kind: 'closed', text: `${formatAddress(address)} cannot be reached: ${failure}` });
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      if (!this.hub.hasRoom) {
        failure = 'too many connections already';
        socket.destroy();
        return;
      }
      line = new TcpLine(socket, this.hub, remoteOf(socket));
      done.succeed(line.connection);
    });
  }

  close(): Promise<void> {
    return closeSockets(this.#sockets);
  }
}

function accept(hub: FrameHub, sockets: Set<Socket>, socket: Socket): void {
  if (!hub.hasRoom) {
    socket.destroy();
    return;
  }
  const remote = remoteOf(socket);
  // The socket asks for its first target before there is a line.
  let line: TcpLine | undefined = undefined;
  const own = readIntoBuffer(socket, SOCKET_READ_BYTES, { take: (chunk) => line?.take(chunk) ?? true, target: () => line?.target() });
  sockets.add(own);
  own.on('close', () => { sockets.delete(own); });
  line = new TcpLine(own, hub, remote);
  own.resume();
}

async function closeServer(server: Server, sockets: Set<Socket>): Promise<void> {
  // Its own count of connections is not waited for: the sockets it made are not those in use.
  server.close();
  await closeSockets(sockets);
}

async function closeSockets(sockets: Set<Socket>): Promise<void> {
  const closed = [...sockets].map((socket) => new Promise<void>((resolve) => socket.once('close', () => { resolve(); })));
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
}

function boundPort(server: Server): number | undefined {
  const bound: AddressInfo | string | null = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : undefined;
}

function remoteOf(socket: Socket): string {
  const { remoteAddress: host, remotePort: port } = socket;
  return host === undefined || port === undefined ? 'unknown' : formatAddress({ kind: 'tcp', host, port });
}
