import { formatDirectory } from '../../card-directory.js';
import { RefusedError } from '../errors.js';
import { startProgress } from '../progress.js';
import { formatBytes } from '../sizes.js';
import { upload } from '../upload.js';
import type { CardProcess } from './card-process.js';
import { fillDiskRandomly } from './random-disk.js';
import { imageData, machineData, type SourceData } from './source-data.js';
import type { Stage } from './stage.js';

/** A secondary whose disk held something else before: what is never written has to read as zeroes all the same. */
export async function formatUsedDisk(stage: Stage, directory: string): Promise<void> {
  const { plan, bench } = stage;
  await fillDiskRandomly(directory, plan.geometry.sizeBytes, bench.breathe);
  await formatDirectory(directory, plan.wish);
}

/** The primary (200), switched on and filled with real data, whose last byte is durable. */
export async function startFilledPrimary(stage: Stage): Promise<CardProcess> {
  const { plan, bench, story, paths } = stage;
  return story.step('200, 206', 'The primary is switched on, and filled with real data', async () => {
    await formatDirectory(paths.primary, plan.wish);
    const primary = await bench.startCard('primary', paths.primary);
    const source = plan.image === undefined ? machineData(plan.dataBytes) : imageData(plan.image);
    const bytes = await fill(stage, primary, source);
    if (bytes === 0) throw new RefusedError('NO_DATA', 'No file of this machine can be read: name one with --image.', '');
    const files = plan.image ?? `${String(source.files())} files of this machine`;
    const { sizeBytes, grainBytes } = plan.geometry;
    return { result: primary, outcome: `${formatBytes(bytes)} of ${files} lie on a volume of ${formatBytes(sizeBytes)} in grains of ${formatBytes(grainBytes)}.` };
  });
}

async function fill({ bench, model, plan, run }: Stage, { driver }: CardProcess, source: SourceData): Promise<number> {
  const progress = startProgress(run, 'fill');
  try {
    const bytes = await upload(driver, noted(source.chunks), {
      offsetBytes: 0,
      fua: false,
      onProgress: (doneBytes) => { progress.update(doneBytes, plan.dataBytes, doneBytes); },
    });
    await driver.flush();
    return bytes;
  } finally {
    progress.end();
  }

  async function* noted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      await bench.breathe();
      model.fill(chunk);
      yield chunk;
    }
  }
}
