import { rm } from 'node:fs/promises';
import { RefusedError } from '../errors.js';
import { formatBytes } from '../sizes.js';
import { awaitStatus, isSettled, isSynchronized } from './awaiting.js';
import { compareCards } from './compare.js';
import { type LinkTraffic, trafficOf } from './link-traffic.js';
import { formatUsedDisk } from './prepare.js';
import type { Stage } from './stage.js';

export interface Conventional {
  readonly traffic: LinkTraffic;
  readonly durationMs: number;
}

/**
 * The prior art, measured: a fresh secondary finds all of its own map dirty, and asks the same primary, with the same
 * data, for everything. No host writes meanwhile, which is in favour of this method.
 */
export async function measureConventional(stage: Stage): Promise<Conventional> {
  const { story, paths, bench, waiter, model } = stage;
  return story.step('prior art', 'The conventional method on the same data: a fresh secondary asks for every grain over the link', async () => {
    await rm(paths.secondary, { recursive: true });
    await rm(paths.medium);
    await formatUsedDisk(stage, paths.conventional);
    const primary = await bench.startCard('primary', paths.primary);
    const secondary = await bench.startCard('conventional secondary', paths.conventional);
    const beganMs = waiter.nowMs();
    await secondary.driver.connectPeer({ address: primary.peerAddress, conventional: true });
    const after = await awaitStatus(waiter, primary.driver, 'the conventional secondary is synchronized', isSynchronized);
    const durationMs = waiter.nowMs() - beganMs;
    const traffic = trafficOf(after);
    if (BigInt(traffic.grainsSent) !== after.grainsTotal) {
      throw new RefusedError('CHECK_FAILED', 'The conventional method did not send every grain.', `${String(traffic.grainsSent)} of ${String(after.grainsTotal)}`);
    }
    await awaitStatus(waiter, primary.driver, 'every grain is durable on both cards', isSettled);
    await secondary.shutDown();
    await primary.shutDown();
    await compareCards(paths.primary, paths.conventional, model, bench.breathe);
    const outcome =
      `all ${String(traffic.grainsSent)} grains were sent in ${(durationMs / 1000).toFixed(2)} s, ${formatBytes(traffic.dataBytes)} of data and ${formatBytes(traffic.metadataBytes)} of metadata; ` +
      'until the last of them the secondary had no usable data. The volumes are equal.';
    return { result: { traffic, durationMs }, outcome };
  });
}
