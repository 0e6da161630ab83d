import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { LOG_LINES_KEPT } from './settings.js';

const ENTRY = fileURLToPath(new URL('./card-child.js', import.meta.url));

/** How a process ended. */
export interface Ending {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The `grainlink` program in a process of its own, which ends when this one does. */
export interface ChildProgram {
  /** Lines on its stdout, one after the other; undefined when there are no more. */
  readonly nextLine: () => Promise<string | undefined>;
  /** The last lines of what it logged. */
  readonly log: () => string;
  readonly ended: Promise<Ending>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

export function startProgram(args: readonly string[]): ChildProgram {
  // Detached: the terminal's Ctrl-C is for the demo, which then ends its processes itself.
  const child = spawn(process.execPath, [ENTRY, ...args], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const kept: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    kept.push(line);
    if (kept.length > LOG_LINES_KEPT) kept.shift();
  });
  child.stdin.on('error', () => undefined); // It is never written to; its end is what counts.
  return {
    nextLine: async () => {
      const line = await lines.next();
      return line.done === true ? undefined : line.value;
    },
    log: () => kept.join('\n'),
    ended: endOf(child),
    kill: (signal) => { child.kill(signal); },
  };
}

function endOf(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<Ending> {
  return new Promise((resolve) => {
    child.on('error', () => { resolve({ exitCode: null, signal: null }); });
    // `close` rather than `exit`: its log is complete then.
    child.on('close', (exitCode, signal) => { resolve({ exitCode, signal }); });
  });
}
