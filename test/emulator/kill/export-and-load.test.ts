import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { type CardStatus, FlashCopyState, JobKind, JobState, RelationshipState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { CardInProcess } from '../processes/card-in-process.js';
import type { Area, Random } from './host.js';
import { jobDone } from './live-pair.js';
import { Pair } from './pair.js';
import { scenario } from './scenario.js';
import { KILL_TEST_MS, KILLS_EACH } from './settings.js';
import { type T0Image, takingT0 } from './t0-image.js';
import { fill, readAll } from './transfer.js';

const MIB = 1024 * 1024;
const blocksOf = (bytes: number): number => bytes / BLOCK_BYTES;

/** More than two durable positions of an export or load, which are 64 MiB apart, so that it can go on from one. */
const SIZE_BYTES = 192 * MIB;
const FILLED: Area = { firstBlock: 0, blocks: blocksOf(144 * MIB) };
/** The FlashCopy store holds a quarter of the volume: the host stays on less of what T0 holds. */
const AREAS: readonly Area[] = [
  { firstBlock: blocksOf(8 * MIB), blocks: blocksOf(8 * MIB) },
  { firstBlock: blocksOf(96 * MIB), blocks: blocksOf(16 * MIB) },
  { firstBlock: blocksOf(152 * MIB), blocks: blocksOf(16 * MIB) },
];
/** Kills of one export or load, before it may come to its end. */
const KILLS_OF_ONE_JOB = 5;
/** Media that are made and loaded, at most. */
const MOST_MEDIA = 8;

describe('SIGKILL while a medium is exported, and while it is loaded', () => {
  it(`rules 1, 6, 7, 13 and 19: each medium and each loaded secondary holds T0, and the pair converges, after ${String(KILLS_EACH)} kills each at least`, async () => {
    await scenario(format, async (pair, directory) => {
      const { primary, secondary, host, kills } = pair;
      primary.switchOn();
      await fill(await primary.ready(), pair.model, FILLED);
      await pair.serve(primary);
      await pair.switchOn(secondary);
      for (let media = 0; kills.of('export') < KILLS_EACH || kills.of('load') < KILLS_EACH; media += 1) {
        expect(media, 'media, and too few kills hit their phase').toBeLessThan(MOST_MEDIA);
        const path = join(directory, `medium-${String(media)}`);
        const t0 = await takingT0(pair.model, () => (media === 0 ? primary.driver.establish({ flashCopy: true }) : primary.driver.startFlashCopy()));
        await killing(pair, primary, JobKind.EXPORT, () => primary.driver.exportMedium({ path }));
        await killing(pair, secondary, JobKind.LOAD, () => secondary.driver.loadMedium({ path }));
        await mustHoldT0(pair, t0);
      }
      expect(host.inFlight).toBeGreaterThan(0);
      await secondary.driver.connectPeer({ address: primary.peer });
      await pair.untilSynchronized();
      await pair.mustHoldEverything();
      await pair.endAndCompare();
    });
  }, KILL_TEST_MS);
});

function format(directory: string, random: Random): Promise<Pair> {
  return Pair.format({ directory, sizeBytes: SIZE_BYTES, random, areas: AREAS });
}

/** Gives a job, kills its card at a random point of it, gives it again, until it was killed often enough; then lets it end. */
async function killing(pair: Pair, card: CardInProcess, kind: JobKind, command: () => Promise<void>): Promise<void> {
  for (let killed = 0; killed < KILLS_OF_ONE_JOB; killed += 1) {
    await pair.orFail(command());
    const durableGrains = await killRunning(pair, card, kind);
    if (durableGrains === undefined) {
      await jobDone(pair, card);
      return;
    }
    await pair.switchOn(card);
    await pair.mustHoldEverything([pair.primary]);
    const status = await pair.orFail(card.driver.status());
    // It may have come to its end between the last look and the kill.
    if (kind === JobKind.EXPORT ? status.flashCopyState === FlashCopyState.IDLE_OR_COPIED : status.state === RelationshipState.SEEDED) return;
    if (kind === JobKind.EXPORT) expect(status.flashCopyState).toBe(FlashCopyState.COPYING);
    // It goes on from what was durable.
    expect(status.flashCopyExportedGrains).toBeGreaterThanOrEqual(durableGrains);
  }
  await pair.orFail(command());
  await jobDone(pair, card);
}

/** @returns the durable position in the moment before the kill; undefined when the job came to its end before. */
async function killRunning(pair: Pair, card: CardInProcess, kind: JobKind): Promise<bigint | undefined> {
  let status = await pair.orFail(card.driver.status());
  const from = Number(status.job?.grainsDone ?? 0n);
  const target = from + pair.random(Number(status.grainsTotal) - from);
  await pair.until('the job runs', async () => {
    status = await card.driver.status();
    return !isRunning(status, kind) || Number(status.job?.grainsDone) >= target;
  });
  if (!isRunning(status, kind)) return undefined;
  const killed = pair.kill([card]);
  const { grainsDone, grainsTotal } = status.job ?? {};
  const how = `${card.name}, at grain ${String(grainsDone)} of ${String(grainsTotal)}, ${String(status.flashCopyExportedGrains)} durable, with ${String(pair.host.inFlight)} commands in flight`;
  pair.kills.hit(kind === JobKind.EXPORT ? 'export' : 'load', how);
  await killed;
  return status.flashCopyExportedGrains;
}

function isRunning({ job }: CardStatus, kind: JobKind): boolean {
  return job?.kind === kind && job.state === JobState.RUNNING;
}

/** The secondary is seeded: it is read as hosts read it. */
async function mustHoldT0({ secondary, model }: Pair, t0: T0Image): Promise<void> {
  const content = await readAll(secondary.driver, model.blocks);
  t0.mustBe((block) => content.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES));
}
