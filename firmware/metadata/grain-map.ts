import { NVRAM_LINE_BYTES, type Nvram } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import { Bitmap } from './bitmap.js';
import type { Region } from './nvram-layout.js';

/** Consecutive grains; one at least. */
export interface GrainRange {
  readonly first: number;
  readonly grains: number;
}

const BITS_PER_LINE = NVRAM_LINE_BYTES * 8;

/**
 * One bit a grain in NVRAM (208, 222). Memory is a working copy; `set` and `clear` return when NVRAM
 * holds the change.
 */
export class GrainMap {
  readonly #bits: Bitmap;
  /*
   * Lines whose durable content is not known to be what memory holds: persists under way, counted, and those
   * that failed. A bit already set there is not yet durable for whoever asks next (rule 2).
   */
  readonly #underWay = new Map<number, number>();
  readonly #failed = new Set<number>();

  /** @param image the whole NVRAM working copy. */
  constructor(
    private readonly loop: EventLoop,
    private readonly nvram: Nvram,
    private readonly region: Region,
    readonly grains: number,
    image: Uint8Array,
  ) {
    this.#bits = new Bitmap(image.subarray(region.offsetBytes, region.offsetBytes + region.lengthBytes), grains);
  }

  get count(): number {
    return this.#bits.count;
  }

  has(grain: number): boolean {
    return this.#bits.has(grain);
  }

  /** The first set grain at or after `from`; `grains` when there is none. */
  nextSet(from: number): number {
    return this.#bits.nextSet(from);
  }

  /** The first clear grain at or after `from`; `grains` when there is none. */
  nextClear(from: number): number {
    return this.#bits.nextClear(from);
  }

  /** Whether all of the range is set, and durably so. */
  isSetDurably(first: number, grains: number): boolean {
    if (this.#bits.nextClear(first) < first + grains) return false;
    if (this.#underWay.size === 0 && this.#failed.size === 0) return true;
    for (let line = lineOf(first); line <= lineOf(first + grains - 1); line += 1) {
      if (this.#underWay.has(line) || this.#failed.has(line)) return false;
    }
    return true;
  }

  *set(first: number, grains: number): Task {
    if (grains === 0 || this.isSetDurably(first, grains)) return;
    this.#bits.setRange(first, grains);
    yield* this.#persist(first, grains);
  }

  *clear(first: number, grains: number): Task {
    if (grains === 0) return;
    this.#bits.clearRange(first, grains);
    yield* this.#persist(first, grains);
  }

  /** Sets scattered ranges with one persist for each line they touch. */
  *setRanges(ranges: readonly GrainRange[]): Task {
    const missing = ranges.filter(({ first, grains }) => !this.isSetDurably(first, grains));
    for (const { first, grains } of missing) this.#bits.setRange(first, grains);
    yield* this.#persistLinesOf(linesOf(missing));
  }

  /** Clears scattered ranges with one persist for each line they touch. */
  *clearRanges(ranges: readonly GrainRange[]): Task {
    for (const { first, grains } of ranges) this.#bits.clearRange(first, grains);
    yield* this.#persistLinesOf(linesOf(ranges));
  }

  *setAll(): Task {
    yield* this.set(0, this.grains);
  }

  *clearAll(): Task {
    yield* this.clear(0, this.grains);
  }

  /** Becomes what `other` is now: the written map of T0. */
  *copyFrom(other: GrainMap): Task {
    this.#bits.copyFrom(other.#bits);
    yield* this.#persist(0, this.grains);
  }

  /** Makes durable what a failed persist left in memory alone. */
  *settle(): Task {
    if (this.#failed.size > 0) yield* this.#persistLinesOf(this.#failed);
  }

  /** Grains whose bits stand in line `line` of the region. */
  grainsOfLine(line: number): { first: number; grains: number } {
    const first = Math.min(this.grains, line * BITS_PER_LINE);
    return { first, grains: Math.min(this.grains - first, BITS_PER_LINE) };
  }

  *#persistLinesOf(lines: Iterable<number>): Task {
    const all = [...lines];
    // All at once, before the first of them is under way: until its turn comes a line is as unsure.
    for (const line of all) this.#doubt(line, line);
    let tried = 0;
    try {
      for (const line of all) {
        tried += 1;
        yield* this.#persistLines(line, line);
      }
    } finally {
      for (const line of all.slice(tried)) this.#settled(line, false);
    }
  }

  *#persist(first: number, grains: number): Task {
    const firstLine = lineOf(first);
    const lastLine = lineOf(first + grains - 1);
    this.#doubt(firstLine, lastLine);
    yield* this.#persistLines(firstLine, lastLine);
  }

  #doubt(firstLine: number, lastLine: number): void {
    for (let line = firstLine; line <= lastLine; line += 1) this.#underWay.set(line, (this.#underWay.get(line) ?? 0) + 1);
  }

  *#persistLines(firstLine: number, lastLine: number): Task {
    const start = firstLine * NVRAM_LINE_BYTES;
    const lines = this.#bits.bytes.subarray(start, (lastLine + 1) * NVRAM_LINE_BYTES);
    let isDurable = false;
    try {
      yield* this.loop.run<void>((done) => { this.nvram.persist(this.region.offsetBytes + start, lines, done); });
      isDurable = true;
    } finally {
      for (let line = firstLine; line <= lastLine; line += 1) this.#settled(line, isDurable);
    }
  }

  /** A persist of the line has ended. One that succeeds behind one that failed holds what that should have held. */
  #settled(line: number, isDurable: boolean): void {
    const left = (this.#underWay.get(line) ?? 0) - 1;
    if (left > 0) this.#underWay.set(line, left);
    else this.#underWay.delete(line);
    if (isDurable) this.#failed.delete(line);
    else this.#failed.add(line);
  }
}

function linesOf(ranges: readonly GrainRange[]): Set<number> {
  const lines = new Set<number>();
  for (const { first, grains } of ranges) {
    for (let line = lineOf(first); line <= lineOf(first + grains - 1); line += 1) lines.add(line);
  }
  return lines;
}

function lineOf(grain: number): number {
  return Math.floor(grain / BITS_PER_LINE);
}
