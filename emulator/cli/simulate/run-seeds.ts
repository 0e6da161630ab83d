import type { SeedResult } from '../../simulation/run-seed.js';
import type { SeedRange, WorkerSetup } from './messages.js';
import { runPool } from './worker-pool.js';

/** Seeds that a worker is given at a time: few enough that all end together. */
const SEEDS_AT_A_TIME = 4;

export interface SeedRun extends WorkerSetup {
  readonly seeds: SeedRange;
  readonly jobs: number;
  /** Told of each seed, in no particular order. False ends the run. */
  readonly onResult: (result: SeedResult) => boolean;
  readonly interrupt: AbortSignal;
}

/** Runs seeds on several threads. Resolves when all have ended, or the run was. */
export async function runSeeds({ seeds, jobs, onResult, interrupt, ...setup }: SeedRun): Promise<void> {
  let next = seeds.first;
  let ended = false;
  await runPool<SeedRange, SeedResult>({
    program: new URL('./worker.js', import.meta.url),
    setup,
    jobs,
    interrupt,
    take: () => {
      if (ended || next > seeds.last) return undefined;
      const range = { first: next, last: Math.min(seeds.last, next + SEEDS_AT_A_TIME - 1) };
      next = range.last + 1;
      return range;
    },
    onAnswer: (result) => {
      if (!ended && !onResult(result)) ended = true;
    },
  });
}
