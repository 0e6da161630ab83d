import type { Disk, Nvram } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { RangeLockHandle, RangeLocks } from '../kernel/range-lock.js';
import { Shared } from '../kernel/sync.js';
import type { Task } from '../kernel/pending.js';
import type { GrainMap, GrainRange } from '../metadata/grain-map.js';

/**
 * The card's own data (206 at the primary, 216 at the secondary), seen through the written map: a grain
 * never written reads as zeroes, whatever the disk held before (rule 19).
 *
 * Callers hold a range lock over what they write ({@link lockForWrite}).
 */
export class Volume {
  readonly #flush: Shared;
  readonly #dataFlush: Shared;

  constructor(
    private readonly loop: EventLoop,
    private readonly disk: Disk,
    private readonly nvram: Nvram,
    private readonly written: GrainMap,
    private readonly locks: RangeLocks,
    readonly grainBytes: number,
  ) {
    this.#dataFlush = new Shared(loop, () => loop.run<void>((done) => { disk.flush(done); }));
    this.#flush = new Shared(loop, () => this.#flushParts());
  }

  get sizeBytes(): number {
    return this.disk.sizeBytes;
  }

  get grains(): number {
    return this.written.grains;
  }

  /** The grains that a byte range touches, rounded outward. */
  grainsOf(offsetBytes: number, lengthBytes: number): GrainRange {
    const first = Math.floor(offsetBytes / this.grainBytes);
    const last = Math.floor((offsetBytes + lengthBytes - 1) / this.grainBytes);
    return { first, grains: last - first + 1 };
  }

  /** Where grains lie; the last one of the volume may be short. */
  bytesOf({ first, grains }: GrainRange): { readonly offsetBytes: number; readonly lengthBytes: number } {
    const offsetBytes = first * this.grainBytes;
    return { offsetBytes, lengthBytes: Math.min(this.sizeBytes, offsetBytes + grains * this.grainBytes) - offsetBytes };
  }

  /** Bytes of one grain. */
  grainLength(grain: number): number {
    return this.bytesOf({ first: grain, grains: 1 }).lengthBytes;
  }

  isWritten(grain: number): boolean {
    return this.written.has(grain);
  }

  /** Locks whole grains. */
  lockGrains(range: GrainRange): Task<RangeLockHandle> {
    return this.locks.acquire(this.#startOf(range), this.#endOf(range));
  }

  /** As `lockGrains`, where nobody holds or awaits any of them; undefined otherwise. */
  tryLockGrains(range: GrainRange): RangeLockHandle | undefined {
    return this.locks.tryAcquire(this.#startOf(range), this.#endOf(range));
  }

  /**
   * Locks what a write touches: the bytes, or whole grains where one of them is written for the first
   * time or `wholeGrains` asks for it.
   */
  lockForWrite(offsetBytes: number, lengthBytes: number, wholeGrains: boolean): Task<RangeLockHandle> {
    const range = this.grainsOf(offsetBytes, lengthBytes);
    return wholeGrains || this.#touchesUnwritten(range) ? this.lockGrains(range) : this.locks.acquire(offsetBytes, offsetBytes + lengthBytes);
  }

  *read(offsetBytes: number, into: Uint8Array): Task {
    const end = offsetBytes + into.length;
    let at = offsetBytes;
    while (at < end) {
      const grain = Math.floor(at / this.grainBytes);
      const isWritten = this.written.has(grain);
      const runEnd = isWritten ? this.written.nextClear(grain) : this.written.nextSet(grain);
      const stop = Math.min(end, runEnd * this.grainBytes);
      const part = into.subarray(at - offsetBytes, stop - offsetBytes);
      if (isWritten) yield* this.#readDisk(at, part);
      else part.fill(0);
      at = stop;
    }
  }

  *write(offsetBytes: number, from: Uint8Array): Task {
    const range = this.grainsOf(offsetBytes, from.length);
    if (this.#touchesUnwritten(range)) yield* this.#writeFirst(offsetBytes, from, range);
    else yield* this.#writeDisk(offsetBytes, from);
  }

  /** The range reads as zeroes afterwards. Grains never written stay so. */
  *zero(offsetBytes: number, lengthBytes: number): Task {
    const end = offsetBytes + lengthBytes;
    let at = offsetBytes;
    while (at < end) {
      const grain = Math.floor(at / this.grainBytes);
      const isWritten = this.written.has(grain);
      const runEnd = isWritten ? this.written.nextClear(grain) : this.written.nextSet(grain);
      const stop = Math.min(end, runEnd * this.grainBytes);
      if (isWritten) yield* this.#zeroDisk(at, stop - at);
      at = stop;
    }
  }

  /**
   * Writes into a grain that is being replaced as a whole: the written map follows with
   * {@link markWritten} once every piece is durable.
   */
  *writePiece(offsetBytes: number, from: Uint8Array): Task {
    yield* this.#writeDisk(offsetBytes, from);
  }

  /** Rule 19: only after the grain's whole content is durable. */
  markWritten(ranges: readonly GrainRange[]): Task {
    return this.written.setRanges(ranges);
  }

  /**
   * Every write completed before the call is durable after it: NVRAM first, then the disk. So is whatever reads as
   * written by now, though a failed persist left it in memory alone: what was read, or copied to the secondary,
   * must not turn back into zeroes (rules 3 and 19).
   */
  flush(): Task {
    return this.#flush.run();
  }

  *#flushParts(): Task {
    yield* this.written.settle();
    yield* this.loop.run<void>((done) => { this.nvram.flush(done); });
    yield* this.#dataFlush.run();
  }

  #touchesUnwritten(range: GrainRange): boolean {
    return this.written.nextClear(range.first) < range.first + range.grains;
  }

  /** The first write to a grain: what the write leaves of it becomes zeroes, durably, before the map says so. */
  *#writeFirst(offsetBytes: number, from: Uint8Array, range: GrainRange): Task {
    const end = offsetBytes + from.length;
    const { offsetBytes: start, lengthBytes } = this.bytesOf(range);
    const stop = start + lengthBytes;
    const lastGrain = range.first + range.grains - 1;
    if (start < offsetBytes && !this.written.has(range.first)) yield* this.#zeroDisk(start, offsetBytes - start);
    if (end < stop && !this.written.has(lastGrain)) yield* this.#zeroDisk(end, stop - end);
    yield* this.#writeDisk(offsetBytes, from);
    yield* this.#dataFlush.run();
    yield* this.written.set(range.first, range.grains);
  }

  #startOf(range: GrainRange): number {
    return range.first * this.grainBytes;
  }

  #endOf(range: GrainRange): number {
    return Math.min(this.sizeBytes, (range.first + range.grains) * this.grainBytes);
  }

  #readDisk(offsetBytes: number, into: Uint8Array): Task {
    return this.loop.run<void>((done) => { this.disk.read(offsetBytes, into, done); });
  }

  #writeDisk(offsetBytes: number, from: Uint8Array): Task {
    return this.loop.run<void>((done) => { this.disk.write(offsetBytes, from, done); });
  }

  #zeroDisk(offsetBytes: number, lengthBytes: number): Task {
    return this.loop.run<void>((done) => { this.disk.zero(offsetBytes, lengthBytes, done); });
  }
}
