import { parentPort, workerData } from 'node:worker_threads';
import { FAULT_SETS } from '../../simulation/faults.js';
import { explainFailure } from './explain-failure.js';
import type { ExplainSetup } from './messages.js';
import { IDLE } from './worker-pool.js';

/* A thread that explains one failure: hundreds of runs, which somebody may want to end. */

const { faults: name, judge, result, telling } = workerData as ExplainSetup;
const faults = FAULT_SETS[name];
if (parentPort === null || faults === undefined) throw new Error('not started as a worker of the simulation');
parentPort.postMessage(explainFailure(result, faults, judge, telling));
parentPort.postMessage(IDLE);
