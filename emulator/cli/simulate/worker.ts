import { parentPort, workerData } from 'node:worker_threads';
import { ReusedMemory } from '../../simulation/reused-memory.js';
import { runSeed, type SeedResult } from '../../simulation/run-seed.js';
import type { SeedRange, WorkerSetup } from './messages.js';
import { portable } from './portable-events.js';
import { IDLE } from './worker-pool.js';

/* A thread that runs seeds, as many as it is given. */

const { faults, judge } = workerData as WorkerSetup;
if (parentPort === null) throw new Error('not started as a worker of the simulation');
const port = parentPort;
const memories = [new ReusedMemory(), new ReusedMemory()];

port.on('message', ({ first, last }: SeedRange) => {
  for (let seed = first; seed <= last; seed += 1) port.postMessage(withoutClosures(runSeed({ seed, faults, judge, memories })));
  port.postMessage(IDLE);
});

port.postMessage(IDLE);

function withoutClosures(result: SeedResult): SeedResult {
  const { failure } = result;
  return failure === undefined ? result : { ...result, failure: { ...failure, recent: portable(failure.recent) } };
}
