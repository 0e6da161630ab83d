import { GATHERED_READ_BYTES } from '../limits.js';
import { readAllParts } from './file-io.js';

/** Runs once, with the bytes read: fewer than asked for only where the file ends. */
export type ThenRead = (error: Error | null, bytes: number) => void;

interface QueuedRead {
  readonly into: Uint8Array;
  readonly position: number;
  readonly then: ThenRead;
}

/**
 * Long reads of one file, one system call at a time. Each is handed to another thread, which costs as much as
 * reading 100 KiB from the page cache; so what queues meanwhile, and lies one behind the other in the file,
 * shares the next call.
 */
export class ReadQueue {
  readonly #queued: QueuedRead[] = [];
  #reading = false;

  constructor(private readonly fd: number) {}

  /** Fills `into` from `position` on; never calls `then` within the call. */
  read(into: Uint8Array, position: number, then: ThenRead): void {
    this.#queued.push({ into, position, then });
    if (this.#reading) return;
    this.#reading = true;
    // At the end of the turn, so that all that the card starts in one go shares a call.
    process.nextTick(() => { this.#next(); });
  }

  #next(): void {
    const run = this.#takeRun();
    const [first] = run;
    this.#reading = first !== undefined;
    if (first === undefined) return;
    readAllParts(this.fd, run.map(({ into }) => into), first.position, (error, bytes) => {
      const ended = error === null ? run.length : wholeReads(run, bytes) + 1;
      // A fault belongs to the read that met it: those behind it are tried on their own.
      this.#queued.unshift(...run.slice(ended));
      this.#next();
      let left = bytes;
      for (const { into, then } of run.slice(0, ended)) {
        const got = Math.min(left, into.length);
        left -= got;
        then(got === into.length ? null : error, got);
      }
    });
  }

  /** The oldest, and those behind it that go on where it ends. */
  #takeRun(): QueuedRead[] {
    let bytes = 0;
    let count = 0;
    const start = this.#queued[0]?.position ?? 0;
    for (const { into, position } of this.#queued) {
      if (count > 0 && (position !== start + bytes || bytes + into.length > GATHERED_READ_BYTES)) break;
      bytes += into.length;
      count += 1;
    }
    return this.#queued.splice(0, count);
  }
}

/** How many of the reads the first `bytes` fill. */
function wholeReads(run: readonly QueuedRead[], bytes: number): number {
  let end = 0;
  return run.filter(({ into }) => (end += into.length) <= bytes).length;
}
