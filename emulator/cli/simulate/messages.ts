import type { FaultOptions } from '../../simulation/faults.js';
import type { Judge } from '../../simulation/rules.js';
import type { Telling } from './explain-failure.js';
import type { SeedResult } from '../../simulation/run-seed.js';
import type { Cuts, ExhaustiveCounts, ExhaustiveFailure } from '../../simulation/exhaustive/explorer.js';

/** What a worker is started with. */
export interface WorkerSetup {
  readonly faults: FaultOptions;
  readonly judge: Judge;
}

/** Seeds for a worker to run: `first` to `last`. It answers with a SeedResult each. */
export interface SeedRange {
  readonly first: number;
  readonly last: number;
}

/** A failed seed, to be explained. */
export interface ExplainSetup extends WorkerSetup {
  readonly result: SeedResult;
  readonly telling: Telling;
}

export interface ExhaustiveSetup extends Pick<WorkerSetup, 'judge'> {
  readonly cuts: Cuts;
  /** Of the table of states that were tried. */
  readonly tried: SharedArrayBuffer;
}

/** A sequence for a worker to try: numbers of the station and of the operations in their lists. */
export interface SequenceTask {
  readonly station: number;
  readonly operations: readonly number[];
}

/** What a sequence came to. */
export interface SequenceAnswer {
  readonly operations: number;
  readonly counts: ExhaustiveCounts;
  readonly failures: readonly ExhaustiveFailure[];
}
