import { formatBytes } from '../sizes.js';
import { awaitStatus, isSettled } from './awaiting.js';
import type { CardProcess } from './card-process.js';
import { type Comparison, compareCards } from './compare.js';
import type { Stage } from './stage.js';
import type { Workload } from './workload.js';

/** The host stops, both cards are shut down, and what they hold is compared. */
export async function finish(stage: Stage, primary: CardProcess, secondary: CardProcess, workload: Workload): Promise<Comparison> {
  await stage.story.step('', 'The host stops, and both cards are shut down', async () => {
    await workload.stop();
    await primary.driver.flush();
    await awaitStatus(stage.waiter, primary.driver, 'every write is durable on both cards', isSettled);
    await secondary.shutDown();
    await primary.shutDown();
    const { writes, bytes } = workload.counts;
    return { result: undefined, outcome: `the host made ${String(writes)} writes (${formatBytes(bytes)}), and none of them failed. No grain is out-of-sync or in intent.` };
  });
  return stage.story.step('206, 216', 'Both volumes are compared byte for byte, by reading the files of the cards themselves', async () => {
    const result = await compareCards(stage.paths.primary, stage.paths.secondary, stage.model, stage.bench.breathe);
    const outcome =
      `all ${formatBytes(result.bytesCompared)} are equal on both, and are what the host was told to be written. ` +
      `${String(result.neverWrittenOverOldBytes)} of ${String(result.neverWritten)} grains that nobody ever wrote still have the secondary's old random bytes below them, and count as zeroes.`;
    return { result, outcome };
  });
}
