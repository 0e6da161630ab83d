import { execFile } from 'node:child_process';
import { rm, open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readHashWrite } from './bare-loop.js';
import { type BenchCard, formatCard, jobDone, startCard } from './card.js';
import { fillRandom } from './random-data.js';
import { megabytesASecond, type Section } from './report.js';
import { interleave, median, ratio, timed, type Timings } from './rounds.js';

const MIB = 1024 * 1024;
const VOLUME_BYTES = 512 * MIB;
const TARGET = 0.8;

const run = promisify(execFile);

/** Export and load of a wholly written volume, beside bare copies of the same file on the same disk. */
export async function benchMedium(directory: string): Promise<Section> {
  const primaryDirectory = join(directory, 'primary');
  const secondaryDirectory = join(directory, 'secondary');
  await formatCard(primaryDirectory, VOLUME_BYTES);
  await formatCard(secondaryDirectory, VOLUME_BYTES);
  const primary = await startCard(primaryDirectory);
  const secondary = await startCard(secondaryDirectory);
  try {
    await fillRandom(primary.driver, 0, VOLUME_BYTES);
    await primary.driver.establish({ secondaryName: 'bench' });
    const volume = join(primaryDirectory, 'volume.000');
    const medium = join(directory, 'medium');
    const copy = join(directory, 'copy');
    const timings = await interleave([
      { name: 'export', run: () => exported(primary, medium) },
      { name: 'bare export', run: () => fresh(copy, () => readHashWrite(volume, copy)) },
      { name: 'load', run: () => loaded(secondary, medium) },
      { name: 'bare load', run: () => timed(() => readHashWrite(medium, copy)) },
      { name: 'openssl', run: () => timed(() => run('openssl', ['dgst', '-blake2b512', volume])) },
      { name: 'cp', run: () => fresh(copy, () => run('cp', [volume, copy])) },
      { name: 'fsync', run: () => timed(() => synced(copy)) },
    ]);
    return section(timings);
  } finally {
    await primary.stop();
    await secondary.stop();
  }
}

async function exported(primary: BenchCard, medium: string): Promise<number> {
  await rm(medium, { force: true });
  await primary.driver.startFlashCopy();
  return timed(async () => {
    await primary.driver.exportMedium({ path: medium });
    await jobDone(primary);
  });
}

/** Each load starts again, since the medium is another one than that of the round before. */
async function loaded(secondary: BenchCard, medium: string): Promise<number> {
  return timed(async () => {
    await secondary.driver.loadMedium({ path: medium, overwrite: true });
    await jobDone(secondary);
  });
}

async function fresh(file: string, work: () => Promise<unknown>): Promise<number> {
  await rm(file, { force: true });
  return timed(work);
}

async function synced(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.datasync();
  await handle.close();
}

function section(timings: Timings): Section {
  const speed = (name: string): string => megabytesASecond(VOLUME_BYTES, median(timings.get(name) ?? []));
  return {
    title: `Medium: ${String(VOLUME_BYTES / MIB)} MiB of random data, fdatasync included`,
    lines: [
      { what: 'export (304)', value: speed('export'), ratio: ratio(timings, 'export', 'bare export'), target: TARGET },
      { what: 'bare Node loop: read, hash, write', value: speed('bare export') },
      { what: 'load (308)', value: speed('load'), ratio: ratio(timings, 'load', 'bare load'), target: TARGET },
      { what: 'bare Node loop over the medium', value: speed('bare load') },
      { what: 'openssl dgst -blake2b512', value: speed('openssl') },
      { what: 'cp, no fsync', value: speed('cp') },
      { what: 'fdatasync of what cp wrote', value: `${median(timings.get('fsync') ?? []).toFixed(3)} s` },
    ],
  };
}
