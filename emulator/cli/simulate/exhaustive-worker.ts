import { parentPort, workerData } from 'node:worker_threads';
import { Explorer, NO_COUNTS } from '../../simulation/exhaustive/explorer.js';
import { OPERATIONS } from '../../simulation/exhaustive/operations.js';
import { StationNotReached } from '../../simulation/exhaustive/saved-station.js';
import { TriedStates } from '../../simulation/exhaustive/tried-states.js';
import { ReusedMemory } from '../../simulation/reused-memory.js';
import { reasonOf } from '../../simulation/rules.js';
import type { ExhaustiveSetup, SequenceAnswer, SequenceTask } from './messages.js';
import { portable } from './portable-events.js';
import { IDLE } from './worker-pool.js';

/* A thread that tries sequences of operations, as many as it is given. */

const { judge, cuts, tried } = workerData as ExhaustiveSetup;
if (parentPort === null) throw new Error('not started as a worker of the simulation');
const port = parentPort;
const pair = (): ReusedMemory[] => [new ReusedMemory(), new ReusedMemory()];
const ready = explorerOrFailure();

port.on('message', ({ station, operations }: SequenceTask) => {
  port.postMessage(ready instanceof Explorer ? explored(ready, station, operations) : notReached(ready, operations));
  port.postMessage(IDLE);
});

port.postMessage(IDLE);

function explorerOrFailure(): Explorer | StationNotReached {
  try {
    return new Explorer([pair(), pair(), pair()], judge, cuts, new TriedStates(tried));
  } catch (error) {
    if (error instanceof StationNotReached) return error;
    throw error;
  }
}

function explored(explorer: Explorer, station: number, operations: readonly number[]): SequenceAnswer {
  const from = explorer.stations[station];
  if (from === undefined) throw new Error('there is no such station');
  const { counts, failures } = explorer.explore(from, operations.flatMap((index) => OPERATIONS[index] ?? []));
  return { operations: operations.length, counts, failures: failures.map((failure) => ({ ...failure, recent: portable(failure.recent) })) };
}

/** The firmware does not come as far as to be tried. */
function notReached({ station, cause }: StationNotReached, operations: readonly number[]): SequenceAnswer {
  const failure = { station, operations: [], startsAfter: [], cut: 'nothing: a pair does not come to this station', ...reasonOf(cause), recent: [] };
  return { operations: operations.length, counts: NO_COUNTS, failures: [failure] };
}
