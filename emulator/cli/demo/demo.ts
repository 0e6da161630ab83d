import type { Report } from '../report.js';
import { formatBytes } from '../sizes.js';
import type { Run } from '../verb.js';
import { type Bench, onBench } from './bench.js';
import type { CardProcess } from './card-process.js';
import { measureConventional } from './conventional.js';
import { finish } from './finish.js';
import { cutSecondary, mirrorLive, resynchronize, synchronize } from './live.js';
import { type DemoOptions, type Plan, planDemo } from './plan.js';
import { formatUsedDisk, startFilledPrimary } from './prepare.js';
import { randomNumbers } from './random-numbers.js';
import { type Measured, resultOf } from './result.js';
import { seed } from './seed.js';
import { setStage, type Stage } from './stage.js';
import { resultText } from './table.js';
import { startWorkload, type Workload } from './workload.js';
import { writePattern } from './write-pattern.js';

const WORKLOAD_SEED = 302;

/**
 * The main job: the seed's figure 3 between two card processes, on real bytes, beside the conventional method.
 * @throws RefusedError CHECK_FAILED when anything is not as it must be.
 */
export async function runDemo(options: DemoOptions, run: Run): Promise<Report> {
  const plan = await planDemo(options);
  return onBench(run.world.interrupt, roomNeeded(plan), async (bench) => {
    const stage = setStage(plan, bench, run);
    const measured = await play(stage);
    const result = resultOf(stage, measured);
    return { json: result, text: resultText(result) };
  });
}

async function play(stage: Stage): Promise<Measured> {
  await usedDisk(stage);
  const primary = await startFilledPrimary(stage);
  const workload = startHost(stage, primary, stage.bench);
  const seeded = await seed(stage, primary);
  const synchronization = await synchronize(stage, primary, seeded.secondary);
  await mirrorLive(stage, primary, workload);
  await cutSecondary(stage, primary, seeded.secondary, workload);
  const { secondary, resynchronization } = await resynchronize(stage, primary);
  const comparison = await finish(stage, primary, secondary, workload);
  const conventional = await measureConventional(stage);
  return { seeded, synchronization, resynchronization, comparison, conventional, host: workload.counts };
}

function usedDisk(stage: Stage): Promise<void> {
  return stage.story.step('214', 'The secondary\'s disk is filled with random bytes, as one that was used before', async () => {
    await formatUsedDisk(stage, stage.paths.secondary);
    return { result: undefined, outcome: `${formatBytes(stage.plan.geometry.sizeBytes)} are written, and a card is formatted over them.` };
  });
}

function startHost({ plan, model, meter, touched }: Stage, { driver }: CardProcess, bench: Bench): Workload {
  const nextRange = writePattern(plan.geometry.sizeBytes, model.filledBytes, randomNumbers(WORKLOAD_SEED));
  const workload = startWorkload({ driver, model, nextRange, meter, touched, sleep: bench.sleep });
  workload.failed.catch(bench.fail);
  return workload;
}

/** Two volumes, of which the secondary's is full, the medium, and some of T0; the third card comes when the second has gone. */
function roomNeeded({ geometry, dataBytes }: Plan): number {
  return 2 * geometry.sizeBytes + dataBytes + Math.ceil(geometry.sizeBytes / 4);
}
