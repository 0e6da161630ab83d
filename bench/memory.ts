import { join } from 'node:path';
import { type BenchCard, formatCard, jobDone, startCard, synchronized } from './card.js';
import { fillRandom } from './random-data.js';
import type { Line, Section } from './report.js';

const MIB = 1024 * 1024;
const TIB = 1024 ** 4;
const WRITTEN_BYTES = 100 * MIB;
const LIMIT_BYTES = 200 * MIB;

/** Peak resident memory of cards with a volume of 1 TiB through the whole method. */
export async function benchMemory(directory: string): Promise<Section> {
  await formatCard(join(directory, 'primary'), TIB);
  await formatCard(join(directory, 'secondary'), TIB);
  const primary = await startCard(join(directory, 'primary'));
  const secondary = await startCard(join(directory, 'secondary'));
  try {
    await fillRandom(primary.driver, TIB / 2, WRITTEN_BYTES);
    await primary.driver.establish({ secondaryName: 'bench', flashCopy: true });
    const path = join(directory, 'medium');
    await primary.driver.exportMedium({ path });
    await jobDone(primary);
    const lines = [line('primary, after export', primary)];
    await secondary.driver.loadMedium({ path });
    await jobDone(secondary);
    lines.push(line('secondary, after load', secondary));
    await fillRandom(primary.driver, TIB / 4, WRITTEN_BYTES);
    await secondary.driver.connectPeer({ address: primary.peer });
    await synchronized(primary);
    lines.push(line('primary, synchronized and live', primary), line('secondary, synchronized and live', secondary));
    return { title: 'Peak resident memory, 1 TiB volume with 200 MiB written (limit 200 MiB)', lines };
  } finally {
    await primary.stop();
    await secondary.stop();
  }
}

function line(what: string, card: BenchCard): Line {
  const bytes = card.peakResidentBytes();
  return { what, value: `${(bytes / MIB).toFixed(0)} MiB`, met: bytes < LIMIT_BYTES };
}
