import { type ExhaustiveCounts, NO_COUNTS } from '../../simulation/exhaustive/explorer.js';
import type { SequenceAnswer } from './messages.js';

/** What an exhaustive run came to. */
export interface ExhaustiveSummary extends Omit<ExhaustiveCounts, 'newStates'> {
  /** Sequences tried, by their length. */
  readonly sequences: Readonly<Record<string, number>>;
  /** Of the crash states, by the durable images of both cards and all media, and what hosts asked for and were told. */
  readonly distinctCrashStates: number;
  readonly seconds: number;
}

/** Adds up what sequences came to. */
export class ExhaustiveTally {
  readonly #sequences = new Map<number, number>();
  #sums: Readonly<ExhaustiveCounts> = NO_COUNTS;

  constructor(private readonly startedMs: number) {}

  get distinct(): number {
    return this.#sums.newStates;
  }

  get sequences(): number {
    return [...this.#sequences.values()].reduce((sum, count) => sum + count, 0);
  }

  sequencesOf(length: number): number {
    return this.#sequences.get(length) ?? 0;
  }

  add({ operations, counts }: SequenceAnswer): void {
    this.#sequences.set(operations, this.sequencesOf(operations) + 1);
    const sums = this.#sums;
    this.#sums = {
      passages: sums.passages + counts.passages,
      points: sums.points + counts.points,
      crashStates: sums.crashStates + counts.crashStates,
      newStates: sums.newStates + counts.newStates,
      oneSidedCuts: sums.oneSidedCuts + counts.oneSidedCuts,
      events: sums.events + counts.events,
    };
  }

  summary(nowMs: number): ExhaustiveSummary {
    const { newStates: distinctCrashStates, ...sums } = this.#sums;
    return { sequences: Object.fromEntries(this.#sequences), ...sums, distinctCrashStates, seconds: (nowMs - this.startedMs) / 1000 };
  }
}
