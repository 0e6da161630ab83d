import { Worker } from 'node:worker_threads';
import type { SeedResult } from '../../simulation/run-seed.js';
import type { SeedRange, WorkerAnswer, WorkerSetup } from './messages.js';

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
  const take = (): SeedRange | undefined => {
    if (ended || next > seeds.last) return undefined;
    const range = { first: next, last: Math.min(seeds.last, next + SEEDS_AT_A_TIME - 1) };
    next = range.last + 1;
    return range;
  };
  const note = (result: SeedResult): void => {
    if (!ended && !onResult(result)) ended = true;
  };
  await Promise.all(Array.from({ length: jobs }, () => runWorker(setup, take, note, interrupt)));
}

function runWorker(setup: WorkerSetup, take: () => SeedRange | undefined, note: (result: SeedResult) => void, interrupt: AbortSignal): Promise<void> {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: setup });
  return new Promise((resolve, reject) => {
    const stop = (): void => { void worker.terminate(); };
    interrupt.addEventListener('abort', stop, { once: true });
    worker.on('message', (answer: WorkerAnswer) => {
      if (answer.kind === 'result') {
        note(answer.result);
        return;
      }
      const range = take();
      if (range === undefined) stop();
      else worker.postMessage(range);
    });
    worker.once('error', reject);
    worker.once('exit', () => {
      interrupt.removeEventListener('abort', stop);
      resolve();
    });
  });
}
