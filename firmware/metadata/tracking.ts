import type { EventLoop } from '../kernel/event-loop.js';
import { Signal } from '../kernel/sync.js';
import type { Task } from '../kernel/pending.js';
import { INTENT_SWEEP_GRAINS, MAX_INTENT_GRAINS } from '../limits.js';
import type { GrainMap, GrainRange } from './grain-map.js';

/** Why a set bit is set (rule 3): it was clear before the mirrored writes now in flight, or not yet durable on both. */
export interface Intent {
  readonly grain: number;
  inFlight: number;
  /** Counts the writes, so that a sweep sees whether another came after its flush began. */
  writes: number;
}

/** What a write has to give back when it is done. */
export type WriteMark = readonly Intent[];

/**
 * The metadata component (208 at the primary, 222 at the secondary): which grains are dirty, and for each
 * whether it is *out-of-sync* or only in *intent*. The reason lives in memory: after a boot, and after a
 * lost link, every set bit is out-of-sync.
 */
export class Tracking {
  readonly #intents = new Map<number, Intent>();
  readonly #roomForIntent: Signal;
  /** Intents want to be swept before their timer. */
  readonly sweepWanted: Signal;

  constructor(
    loop: EventLoop,
    readonly dirty: GrainMap,
  ) {
    this.#roomForIntent = new Signal(loop);
    this.sweepWanted = new Signal(loop);
  }

  get outOfSyncCount(): number {
    return this.dirty.count - this.#intents.size;
  }

  get intentCount(): number {
    return this.#intents.size;
  }

  /** The first grain out-of-sync at or after `from`; the number of grains when there is none. */
  nextOutOfSync(from: number): number {
    let grain = this.dirty.nextSet(from);
    while (grain < this.dirty.grains && this.#intents.has(grain)) grain = this.dirty.nextSet(grain + 1);
    return grain;
  }

  isOutOfSync(grain: number): boolean {
    return this.dirty.has(grain) && !this.#intents.has(grain);
  }

  /**
   * Rule 2: returns once the bits are durable; only then may the write be issued, here or to the peer. The
   * caller holds the range's lock, and asked `mirroring` after it had it.
   *
   * @returns the intents that the write holds; none when every grain is out-of-sync and the write is only tracked.
   */
  *before(range: GrainRange, mirroring: () => boolean): Task<WriteMark> {
    if (mirroring()) yield* this.#waitForRoom(range.grains);
    const mark: Intent[] = [];
    if (mirroring()) {
      for (let grain = range.first; grain < range.first + range.grains; grain += 1) {
        const intent = this.#intents.get(grain) ?? (this.dirty.has(grain) ? undefined : this.#open(grain));
        if (intent === undefined) continue;
        intent.inFlight += 1;
        intent.writes += 1;
        mark.push(intent);
      }
    } else {
      this.#demote(range);
    }
    try {
      yield* this.dirty.set(range.first, range.grains);
    } catch (error) {
      this.after(range, mark, false);
      throw error;
    }
    return mark;
  }

  /** The write is complete on both cards (`whole`), or on one at most: then its grains are out-of-sync. */
  after(range: GrainRange, mark: WriteMark, whole: boolean): void {
    for (const intent of mark) intent.inFlight -= 1;
    if (!whole) this.#demote(range);
    if (this.#intents.size >= INTENT_SWEEP_GRAINS) this.sweepWanted.signal();
  }

  /** A lost link: whatever was in flight, or not yet durable on both, is out-of-sync (rule 4). */
  demoteAll(): void {
    this.#intents.clear();
    this.#roomForIntent.signal();
  }

  /** Intents with nothing in flight, as they are now: what a sweep may clear after flushing both cards. */
  sweepable(): { readonly intent: Intent; readonly writes: number }[] {
    const list: { intent: Intent; writes: number }[] = [];
    for (const intent of this.#intents.values()) {
      if (intent.inFlight === 0) list.push({ intent, writes: intent.writes });
    }
    return list;
  }

  /** Clears those of a sweep that no other write has touched since (rule 3: none in flight, older or newer). */
  *clearSwept(list: readonly { readonly intent: Intent; readonly writes: number }[]): Task {
    const swept: GrainRange[] = [];
    for (const { intent, writes } of list) {
      if (this.#intents.get(intent.grain) !== intent || intent.inFlight > 0 || intent.writes !== writes) continue;
      this.#intents.delete(intent.grain);
      swept.push({ first: intent.grain, grains: 1 });
    }
    yield* this.dirty.clearRanges(swept);
    this.#roomForIntent.signal();
  }

  /** Clears grains that were copied whole and are durable on both; the caller still holds their locks. */
  *clearCopied(ranges: readonly GrainRange[]): Task {
    yield* this.dirty.clearRanges(ranges);
  }

  /** The union with what the other side holds dirty (rule 16). */
  *merge(ranges: readonly GrainRange[]): Task {
    for (const range of ranges) this.#demote(range);
    yield* this.dirty.setRanges(ranges);
  }

  #open(grain: number): Intent {
    const intent: Intent = { grain, inFlight: 0, writes: 0 };
    this.#intents.set(grain, intent);
    return intent;
  }

  /** A set bit without an intent is out-of-sync: forgetting the intent is all it takes. */
  #demote(range: GrainRange): void {
    if (this.#intents.size > 0) {
      for (let grain = range.first; grain < range.first + range.grains; grain += 1) this.#intents.delete(grain);
    }
  }

  *#waitForRoom(grains: number): Task {
    while (this.#intents.size + grains > MAX_INTENT_GRAINS && this.#intents.size > 0) {
      this.sweepWanted.signal();
      yield* this.#roomForIntent.next();
    }
  }
}
