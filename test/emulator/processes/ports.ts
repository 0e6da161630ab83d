import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/*
 * A primary is found where it was before it was killed, so its peer port has to stay the same, and cannot be any
 * free one. It is taken from below those that the kernel gives to whoever dials: a secondary that dials while its
 * primary is down could otherwise be given that very port as its own, and TCP would connect it to itself.
 */
const FIRST_PORT = 12_000;
const END_PORT = 30_000;
const TRIES = 100;

export async function peerPort(): Promise<number> {
  for (let i = 0; i < TRIES; i += 1) {
    const port = randomInt(FIRST_PORT, END_PORT);
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free for the peer link');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => { resolve(false); });
    server.listen(port, '127.0.0.1', () => { server.close(() => { resolve(true); }); });
  });
}
