import { parentPort, workerData } from 'node:worker_threads';
import { Explorer } from '../../simulation/exhaustive/explorer.js';
import { OPERATIONS } from '../../simulation/exhaustive/operations.js';
import { ReusedMemory } from '../../simulation/reused-memory.js';
import type { ExhaustiveSetup, SequenceAnswer, SequenceTask } from './messages.js';
import { portable } from './portable-events.js';
import { IDLE } from './worker-pool.js';

/* A thread that tries sequences of operations, as many as it is given. */

const { judge } = workerData as ExhaustiveSetup;
if (parentPort === null) throw new Error('not started as a worker of the simulation');
const port = parentPort;
const pair = (): ReusedMemory[] => [new ReusedMemory(), new ReusedMemory()];
const explorer = new Explorer([pair(), pair(), pair()], judge);

port.on('message', ({ station, operations }: SequenceTask) => {
  const from = explorer.stations[station];
  if (from === undefined) throw new Error('there is no such station');
  const { counts, failures, newStates } = explorer.explore(from, operations.flatMap((index) => OPERATIONS[index] ?? []));
  const states = Float64Array.from(newStates);
  const answer: SequenceAnswer = { operations: operations.length, counts, failures: failures.map((failure) => ({ ...failure, recent: portable(failure.recent) })), states };
  port.postMessage(answer, [states.buffer]);
  port.postMessage(IDLE);
});

port.postMessage(IDLE);
