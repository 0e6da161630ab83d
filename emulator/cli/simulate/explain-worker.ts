import { parentPort, workerData } from 'node:worker_threads';
import { explainFailure } from './explain-failure.js';
import type { ExplainSetup } from './messages.js';
import { IDLE } from './worker-pool.js';

/* A thread that explains one failure: hundreds of runs, which somebody may want to end. */

const { faults, judge, result, telling } = workerData as ExplainSetup;
if (parentPort === null) throw new Error('not started as a worker of the simulation');
parentPort.postMessage(explainFailure(result, faults, judge, telling));
parentPort.postMessage(IDLE);
