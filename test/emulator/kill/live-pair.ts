import { join } from 'node:path';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { JobState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { statusName } from '../../../protos/status/sentences.js';
import type { CardInProcess } from '../processes/card-in-process.js';
import type { Area, Random } from './host.js';
import { Pair } from './pair.js';
import { PAIR_BYTES } from './settings.js';
import { fill } from './transfer.js';

const BLOCKS = PAIR_BYTES / BLOCK_BYTES;

/** Filled before T0; the host works on a part of it, and on what nobody ever wrote. */
const FILLED: Area = { firstBlock: 0, blocks: BLOCKS / 4 };
const AREAS: readonly Area[] = [{ firstBlock: BLOCKS / 8, blocks: BLOCKS / 4 }, { firstBlock: BLOCKS / 2, blocks: BLOCKS / 4 }];
/** No host command but a {@link fill} goes there: it makes many grains out-of-sync in a moment. */
export const BULK: Area = { firstBlock: 0, blocks: BLOCKS / 8 };
export const MORE_BULK: Area = { firstBlock: (BLOCKS / 8) * 6, blocks: BLOCKS / 4 };

export function formatPair(directory: string, random: Random): Promise<Pair> {
  return Pair.format({ directory, sizeBytes: PAIR_BYTES, random, areas: AREAS });
}

/** Carries out the seed's figure 3, with the host at work from T0 on, until the pair is live. */
export async function goLive(pair: Pair, directory: string): Promise<void> {
  const { primary, secondary, model } = pair;
  const medium = join(directory, 'medium');
  primary.switchOn();
  secondary.switchOn();
  const driver = await primary.ready();
  await fill(driver, model, FILLED);
  await pair.serve(primary);
  await driver.establish({ flashCopy: true });
  await driver.exportMedium({ path: medium });
  await jobDone(pair, primary);
  await pair.serve(secondary);
  await secondary.driver.loadMedium({ path: medium });
  await jobDone(pair, secondary);
  await secondary.driver.connectPeer({ address: primary.peer });
  await pair.untilSynchronized();
}

/** Waits for the end of a card's export or load. @throws Error when it failed. */
export async function jobDone(pair: Pair, card: CardInProcess): Promise<void> {
  await pair.until(`the job of the ${card.name}`, async () => {
    const { job } = await card.driver.status();
    if (job?.state === JobState.FAILED) throw new Error(`the job of the ${card.name} failed: ${statusName(job.status)} ${job.detail}`);
    return job?.state === JobState.SUCCEEDED;
  });
}
