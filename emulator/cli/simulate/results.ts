import { addCounts } from '../../simulation/marks.js';
import { UsageError } from '../errors.js';
import type { BuildIds } from './build-id.js';

/** 3: firmware and simulator apart, and which failures are open. */
export const RESULTS_VERSION = 3;

/** Seeds from one to another, both of them too. */
export type SeedSpan = readonly [first: number, last: number];

/** How seeds are run. */
export interface Conditions extends BuildIds {
  readonly faults: string;
  readonly judge: string;
}

/** One run of the simulation. */
export interface Entry extends Conditions {
  /** Those that were run to their end, ascending: a run ends at the first that fails unless it keeps going, or is interrupted. */
  readonly spans: readonly SeedSpan[];
  readonly seeds: number;
  readonly failedSeeds: readonly number[];
  readonly events: number;
  readonly simulatedHours: number;
  readonly seconds: number;
  readonly marks: Readonly<Record<string, number>>;
}

/** Runs of one firmware, added up. A seed that failed may be run again: no sum has it twice. */
export interface Results {
  readonly version: number;
  readonly seeds: number;
  readonly failedSeeds: number;
  /** Those of them that have not ended well since. */
  readonly openFailures: readonly number[];
  /** Seeds by the simulator that ran them. */
  readonly simulators: Readonly<Record<string, number>>;
  readonly events: number;
  readonly simulatedHours: number;
  readonly seconds: number;
  readonly marks: Readonly<Record<string, number>>;
  readonly runs: readonly Entry[];
}

/** Seeds in any order, as spans. */
export function spansOf(seeds: readonly number[]): SeedSpan[] {
  const spans: [number, number][] = [];
  for (const seed of [...seeds].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last?.[1] === seed - 1) last[1] = seed;
    else spans.push([seed, seed]);
  }
  return spans;
}

/**
 * @param path of the file that holds the runs.
 * @throws UsageError when seeds of the span would count twice, or when another firmware has shown what is there.
 */
export function mustAddTo(path: string, runs: readonly Entry[], span: SeedSpan, conditions: Conditions): void {
  if (runs.some(({ firmware }) => firmware !== conditions.firmware)) throw new UsageError(`--results: ${path} holds what another firmware has shown, which says nothing of this one. Name another file.`);
  const alike = runs.filter((run) => isAlike(run, conditions));
  const twice = alike.flatMap(({ spans }) => spans).find((other) => overlap(other, span));
  if (twice === undefined || isAllOf(span, new Set(openFailures(alike)))) return;
  throw new UsageError(`--results: ${path} holds seeds ${String(twice[0])}..${String(twice[1])} already, which would count twice. Run others, or what failed there, or name another file.`);
}

export function addUp(runs: readonly Entry[]): Results {
  const counted = runs.filter((run, index) => !runs.slice(0, index).some((earlier) => isAlike(earlier, run) && run.spans.some((span) => holds(earlier, span))));
  const sum = (of: (run: Entry) => number): number => counted.reduce((total, run) => total + of(run), 0);
  const marks = new Map<string, number>();
  const simulators = new Map<string, number>();
  for (const run of counted) {
    addCounts(marks, run.marks);
    addCounts(simulators, { [run.simulator]: run.seeds });
  }
  return {
    version: RESULTS_VERSION,
    seeds: sum((run) => run.seeds),
    failedSeeds: sum((run) => run.failedSeeds.length),
    openFailures: openFailures(runs),
    simulators: Object.fromEntries(simulators),
    events: sum((run) => run.events),
    simulatedHours: sum((run) => run.simulatedHours),
    seconds: sum((run) => run.seconds),
    marks: Object.fromEntries(marks),
    runs,
  };
}

/** Seeds that failed, and were not run again since. */
function openFailures(runs: readonly Entry[]): number[] {
  return runs.flatMap((run, index) => {
    const later = runs.slice(index + 1).filter((other) => isAlike(other, run));
    return run.failedSeeds.filter((seed) => !later.some((other) => holds(other, [seed, seed])));
  });
}

function isAlike(a: Conditions, b: Conditions): boolean {
  return a.faults === b.faults && a.judge === b.judge;
}

function holds({ spans }: Entry, span: SeedSpan): boolean {
  return spans.some((other) => overlap(other, span));
}

function overlap([first, last]: SeedSpan, [from, to]: SeedSpan): boolean {
  return first <= to && from <= last;
}

function isAllOf([first, last]: SeedSpan, seeds: ReadonlySet<number>): boolean {
  for (let seed = first; seed <= last; seed += 1) if (!seeds.has(seed)) return false;
  return true;
}
