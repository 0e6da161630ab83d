import { JobKind } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { download } from '../download.js';
import { RefusedError } from '../errors.js';
import { generationText } from '../ids.js';
import { awaitJob, startOrJoin } from '../job.js';
import { formatBytes } from '../sizes.js';
import type { CardProcess } from './card-process.js';
import { BEFORE_T0_MS, CHECK_BLOCK_BYTES, UNINTERRUPTED_BYTES } from './settings.js';
import type { Stage } from './stage.js';
import type { Bounds } from './volume-model.js';

/** The secondary as it is before it first meets the primary. */
export interface Seeded {
  readonly secondary: CardProcess;
  /** From the establishment (302) until the secondary holds T0 and serves reads (308). */
  readonly withoutDataMs: number;
  readonly mediumBytes: number;
}

/** Figure 3 up to the load: steps 302 to 308, while the host writes. */
export async function seed(stage: Stage, primary: CardProcess): Promise<Seeded> {
  await stage.bench.sleep(BEFORE_T0_MS);
  const beganMs = stage.waiter.nowMs();
  const t0 = await establish(stage, primary);
  const mediumBytes = await exportT0(stage, primary);
  await carry(stage);
  const secondary = await load(stage);
  const withoutDataMs = stage.waiter.nowMs() - beganMs;
  await readAsOfT0(stage, secondary, t0);
  return { secondary, withoutDataMs, mediumBytes };
}

/** @returns what T0 may hold: no less than was acknowledged before, no more than was submitted until after. */
function establish({ story, model }: Stage, { driver }: CardProcess): Promise<Bounds> {
  return story.step('302, 304', 'The primary is told that it has a secondary, and takes T0 (FlashCopy, 202) in the same instant', async () => {
    const { least } = model.bounds();
    await driver.establish({ secondaryName: 'secondary', flashCopy: true });
    const { most } = model.bounds();
    const { generation } = await driver.status();
    const outcome = `the relationship stands, generation ${generationText(generation) ?? 'none'}. No link exists yet; from here on the map (208) records what the host makes dirty.`;
    return { result: { least, most }, outcome };
  });
}

function exportT0({ story, run, paths }: Stage, { driver }: CardProcess): Promise<number> {
  return story.step('304', 'T0 is copied to the portable medium (212) while the host goes on writing', async () => {
    await startOrJoin(driver, JobKind.EXPORT, paths.medium, () => driver.exportMedium({ path: paths.medium }));
    const job = await awaitJob(driver, run, 'export');
    const { grainsOutOfSync } = await driver.status();
    const outcome = `${formatBytes(job.dataBytes)} of data are on the medium, and it is sealed. Meanwhile ${String(grainsOutOfSync)} grains became dirty.`;
    return { result: Number(job.dataBytes), outcome };
  });
}

function carry({ bench, story, paths }: Stage): Promise<void> {
  return story.step('306', 'The medium travels to the secondary, and is verified on arrival', async () => {
    const { exitCode, output } = await bench.runProgram(['medium', 'verify', paths.medium, '--json']);
    if (exitCode !== 0) throw new RefusedError('CHECK_FAILED', 'The medium was sealed, and cannot be verified.', output);
    return { result: undefined, outcome: 'every chunk, and the root over all, is as it was sealed. (Here the medium is a file, and the journey takes no time.)' };
  });
}

function load({ bench, story, run, paths }: Stage): Promise<CardProcess> {
  return story.step('308', 'The medium is loaded at the secondary (214)', async () => {
    const secondary = await bench.startCard('secondary', paths.secondary);
    const { driver } = secondary;
    await startOrJoin(driver, JobKind.LOAD, paths.medium, () => driver.loadMedium({ path: paths.medium }));
    const job = await awaitJob(driver, run, 'load');
    return { result: secondary, outcome: `${formatBytes(job.dataBytes)} are verified, loaded and durable. From here on the secondary has usable data: that of T0.` };
  });
}

/** What a host at the secondary reads is T0 and nothing else, though the primary has gone on. */
function readAsOfT0(stage: Stage, { driver }: CardProcess, t0: Bounds): Promise<void> {
  return stage.story.step('216', 'A host reads the whole secondary, and compares it with what was written up to T0', async () => {
    const { sizeBytes, grainBytes } = stage.plan.geometry;
    let offsetBytes = 0;
    const sink = async (data: Uint8Array): Promise<void> => {
      await mustBeT0(stage, offsetBytes, data, t0);
      offsetBytes += data.length;
    };
    await download(driver, { offsetBytes: 0, lengthBytes: sizeBytes, onProgress: () => undefined, sink });
    const { grainsWritten, grainsTotal } = await driver.status();
    const neverWritten = Number(grainsTotal - grainsWritten);
    const outcome = `all ${formatBytes(sizeBytes)} are as of T0. ${String(neverWritten)} grains (${formatBytes(neverWritten * grainBytes)}) were never written and read as zeroes, though the disk below holds random bytes.`;
    return { result: undefined, outcome };
  });
}

async function mustBeT0({ bench, model }: Stage, offsetBytes: number, data: Uint8Array, t0: Bounds): Promise<void> {
  for (let at = 0; at < data.length; at += UNINTERRUPTED_BYTES) {
    await bench.breathe();
    const wrong = model.firstWrongBlock((offsetBytes + at) / CHECK_BLOCK_BYTES, data.subarray(at, at + UNINTERRUPTED_BYTES), t0);
    if (wrong === undefined) continue;
    throw new RefusedError('CHECK_FAILED', 'The secondary was loaded, and does not hold T0.', `at byte ${String(wrong * CHECK_BLOCK_BYTES)}`);
  }
}
