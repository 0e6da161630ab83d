import { OPERATIONS } from '../../simulation/exhaustive/operations.js';
import { STATIONS } from '../../simulation/exhaustive/stations.js';
import { Random } from '../../simulation/random.js';
import type { SequenceTask } from './messages.js';

/** Which sequences. */
export interface ExhaustiveScope {
  /** The longest. */
  readonly operations: number;
  /** Only from here, and only this one: to see a failure again. */
  readonly from?: number;
  readonly sequence?: readonly number[];
}

const SHUFFLE_SEED = 1;

/** Shorter sequences first; those of one length in an order that a seed decides, so that a part of them is a sample of all. */
export function* sequencesOf({ operations, from, sequence }: ExhaustiveScope): Generator<SequenceTask> {
  const stations = STATIONS.map((_station, index) => index).filter((index) => from === undefined || index === from);
  if (sequence !== undefined) {
    for (const station of stations) yield { station, operations: sequence };
    return;
  }
  for (let length = 1; length <= operations; length += 1) {
    const tasks = stations.flatMap((station) => words(length).map((word) => ({ station, operations: word })));
    yield* shuffled(tasks);
  }
}

/** How many sequences of one length there are in the scope. */
export function countOf({ from, sequence }: ExhaustiveScope, length: number): number {
  const stations = from === undefined ? STATIONS.length : 1;
  if (sequence !== undefined) return sequence.length === length ? stations : 0;
  return stations * OPERATIONS.length ** length;
}

function words(length: number): number[][] {
  const letters = OPERATIONS.map((_operation, index) => index);
  return length === 0 ? [[]] : words(length - 1).flatMap((word) => letters.map((letter) => [...word, letter]));
}

/** After Fisher and Yates. */
function shuffled<T>(items: T[]): T[] {
  const random = new Random(SHUFFLE_SEED);
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    [items[last], items[other]] = [items[other] as T, items[last] as T];
  }
  return items;
}
