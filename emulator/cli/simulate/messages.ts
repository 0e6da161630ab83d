import type { Judge } from '../../simulation/rules.js';
import type { SeedResult } from '../../simulation/run-seed.js';

/** What a worker is started with. */
export interface WorkerSetup {
  readonly faults: string;
  readonly judge: Judge;
}

/** Seeds for a worker to run: `first` to `last`. It answers with a {@link SeedResult} each, and asks by being idle. */
export interface SeedRange {
  readonly first: number;
  readonly last: number;
}

export type WorkerAnswer = { readonly kind: 'result'; readonly result: SeedResult } | { readonly kind: 'idle' };
