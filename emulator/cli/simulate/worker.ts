import { parentPort, workerData } from 'node:worker_threads';
import { FAULT_SETS } from '../../simulation/faults.js';
import { ReusedMemory } from '../../simulation/reused-memory.js';
import { runSeed } from '../../simulation/run-seed.js';
import type { SeedRange, WorkerAnswer, WorkerSetup } from './messages.js';

/* A thread that runs seeds, as many as it is given. */

const { faults: name, judge } = workerData as WorkerSetup;
const faults = FAULT_SETS[name];
if (parentPort === null || faults === undefined) throw new Error('not started as a worker of the simulation');
const port = parentPort;
const memories = [new ReusedMemory(), new ReusedMemory()];
const answer = (message: WorkerAnswer): void => { port.postMessage(message); };

port.on('message', ({ first, last }: SeedRange) => {
  for (let seed = first; seed <= last; seed += 1) answer({ kind: 'result', result: withoutClosures(runSeed({ seed, faults, judge, memories })) });
  answer({ kind: 'idle' });
});

answer({ kind: 'idle' });

/** Events carry functions, which do not travel between threads. */
function withoutClosures(result: ReturnType<typeof runSeed>): ReturnType<typeof runSeed> {
  if (result.failure === undefined) return result;
  return { ...result, failure: { ...result.failure, recent: result.failure.recent.map((event) => ({ ...event, run: undefined })) } };
}
