import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Two serial ports, each at the other's end. */
export interface PtyPair {
  readonly paths: readonly [string, string];
  close(): Promise<void>;
}

const ONE_END = 'pty,raw,echo=0';

/**
 * Whether there is no `socat` to make such pairs with; says so once, loudly.
 * @throws in CI, where nothing may be skipped.
 */
export function socatIsMissing(): boolean {
  if (spawnSync('socat', ['-V']).status === 0) return false;
  if (process.env['CI'] !== undefined) throw new Error('socat is missing; install the Debian package socat');
  console.warn('!!! SERIAL TESTS SKIPPED: socat is missing; install the Debian package socat');
  return true;
}

export async function openPtyPair(): Promise<PtyPair> {
  const socat = spawn('socat', ['-d', '-d', ONE_END, ONE_END], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise<void>((resolve) => socat.once('exit', () => { resolve(); }));
  const paths: string[] = [];
  for await (const line of createInterface(socat.stderr)) {
    const path = /PTY is (\S+)/.exec(line)?.[1];
    if (path !== undefined) paths.push(path);
    if (paths.length === 2) break;
  }
  const [one, other] = paths;
  if (one === undefined || other === undefined) throw new Error('socat ended before it had made its ports');
  // Held open, and never read: the last close of a port would hang up on socat, and end it.
  const held = [one, other].map((path) => openSync(path, constants.O_RDWR | constants.O_NOCTTY));
  return {
    paths: [one, other],
    close: async () => {
      for (const port of held.splice(0)) closeSync(port);
      socat.kill();
      await exited;
    },
  };
}
