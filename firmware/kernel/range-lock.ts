import { MAX_RANGE_LOCKS } from '../limits.js';
import type { EventLoop } from './event-loop.js';
import { type Pending, type Task, wait } from './pending.js';

/** A range of the volume, in bytes, held or waited for. */
export interface RangeLockHandle {
  readonly startBytes: number;
  readonly endBytes: number;
}

interface Entry extends RangeLockHandle {
  readonly turn: Pending<void>;
  blockers: number;
}

/**
 * Exclusive locks over byte ranges. Who overlaps waits for everyone before it, held or waiting, so
 * overlapping writes run in the order they came (rule 10) and nobody starves.
 */
export class RangeLocks {
  /** In order of arrival. */
  readonly #entries: Entry[] = [];

  constructor(private readonly loop: EventLoop) {}

  get count(): number {
    return this.#entries.length;
  }

  *acquire(startBytes: number, endBytes: number): Task<RangeLockHandle> {
    const entry = this.#enter(startBytes, endBytes, this.#blockers(startBytes, endBytes));
    if (entry.blockers > 0) yield* wait(entry.turn);
    return entry;
  }

  /**
   * The lock, or undefined where it would have to be waited for. Who holds a lock already takes further ones
   * only in this way: someone may wait for the held one and stand before the next.
   */
  tryAcquire(startBytes: number, endBytes: number): RangeLockHandle | undefined {
    return this.#blockers(startBytes, endBytes) === 0 ? this.#enter(startBytes, endBytes, 0) : undefined;
  }

  release(handle: RangeLockHandle): void {
    const index = this.#entries.indexOf(handle as Entry);
    if (index < 0) throw new Error('a range lock was released twice');
    this.#entries.splice(index, 1);
    for (let i = index; i < this.#entries.length; i += 1) {
      const later = this.#entries[i];
      if (later === undefined || !overlap(later, handle.startBytes, handle.endBytes)) continue;
      later.blockers -= 1;
      if (later.blockers === 0) later.turn.succeed();
    }
  }

  #enter(startBytes: number, endBytes: number, blockers: number): Entry {
    if (this.#entries.length >= MAX_RANGE_LOCKS) throw new Error('more range locks than tasks');
    const entry: Entry = { startBytes, endBytes, turn: this.loop.pending<void>(), blockers };
    this.#entries.push(entry);
    return entry;
  }

  #blockers(startBytes: number, endBytes: number): number {
    let blockers = 0;
    for (const other of this.#entries) {
      if (overlap(other, startBytes, endBytes)) blockers += 1;
    }
    return blockers;
  }
}

function overlap(lock: RangeLockHandle, startBytes: number, endBytes: number): boolean {
  return lock.startBytes < endBytes && startBytes < lock.endBytes;
}
