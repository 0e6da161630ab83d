import { RefusedError } from '../errors.js';
import { formatBytes } from '../sizes.js';
import { awaitStatus, isSynchronized } from './awaiting.js';
import type { CardProcess } from './card-process.js';
import { trafficBetween, trafficOf } from './link-traffic.js';
import { CHECK_BLOCK_BYTES, HOST_WRITERS, LIVE_MS, OUTAGE_MS } from './settings.js';
import type { Stage } from './stage.js';
import { type Synchronization, watchSynchronization } from './synchronization.js';
import type { Workload } from './workload.js';
import { LONGEST_WRITE_BLOCKS } from './write-pattern.js';

const MOST_IN_FLIGHT_BYTES = HOST_WRITERS * LONGEST_WRITE_BLOCKS * CHECK_BLOCK_BYTES;

/** Figure 3 from the request on: steps 310 to 316. */
export function synchronize(stage: Stage, primary: CardProcess, secondary: CardProcess): Promise<Synchronization> {
  return stage.story.step('310-316', 'The secondary suppresses its own map, and asks for what is dirty in the primary\'s (314)', async () => {
    const result = await watchSynchronization(stage, primary, () => secondary.driver.connectPeer({ address: primary.peerAddress }));
    return { result, outcome: synchronizationText(stage, result) };
  });
}

/** Live: a host's write is complete when both cards hold it (210, 218). */
export function mirrorLive({ bench, story }: Stage, { driver }: CardProcess, workload: Workload): Promise<void> {
  return story.step('210, 218', 'The pair is live: each write goes to both cards before the host is told that it is done', async () => {
    const before = trafficOf(await driver.status());
    const host = { ...workload.counts };
    await bench.sleep(LIVE_MS);
    const bytes = workload.counts.bytes - host.bytes;
    const after = await driver.status();
    if (!isSynchronized(after)) throw new RefusedError('CHECK_FAILED', 'The pair was live, and did not stay so.', after.linkDetail);
    const { dataBytes } = trafficBetween(before, trafficOf(after));
    // What was answered at the beginning may have crossed before.
    if (dataBytes + MOST_IN_FLIGHT_BYTES < bytes) throw new RefusedError('CHECK_FAILED', 'Writes were completed that did not cross the link.', `${String(bytes)} bytes were written, ${String(dataBytes)} crossed`);
    const outcome = `${String(workload.counts.writes - host.writes)} writes (${formatBytes(bytes)}) were completed, ${formatBytes(dataBytes)} crossed the link, and nothing is out-of-sync.`;
    return { result: undefined, outcome };
  });
}

/** The secondary's power is cut; the host notices nothing, and the primary tracks. */
export function cutSecondary({ bench, story, waiter }: Stage, primary: CardProcess, secondary: CardProcess, workload: Workload): Promise<void> {
  return story.step('208', 'SIGKILL to the secondary, as a power cut. The host goes on writing, and the map records what it makes dirty', async () => {
    const { writes } = workload.counts;
    await secondary.kill();
    await awaitStatus(waiter, primary.driver, 'the primary notices that its secondary is gone', (status) => !isSynchronized(status));
    await bench.sleep(OUTAGE_MS);
    const { grainsOutOfSync, grainsTotal } = await primary.driver.status();
    const outcome = `${String(workload.counts.writes - writes)} writes were completed, and ${String(grainsOutOfSync)} of ${String(grainsTotal)} grains are out-of-sync.`;
    return { result: undefined, outcome };
  });
}

/** The secondary comes back, and finds its primary without a command. */
export function resynchronize(stage: Stage, primary: CardProcess): Promise<{ secondary: CardProcess; resynchronization: Synchronization }> {
  return stage.story.step('314, 316', 'The secondary is switched on again. Nobody gives a command: it asks for what changed', async () => {
    const { bench, paths } = stage;
    const started: CardProcess[] = [];
    const resynchronization = await watchSynchronization(stage, primary, async () => {
      started.push(await bench.startCard('secondary', paths.secondary));
    });
    const [secondary] = started;
    if (secondary === undefined) throw new Error('synchronized without a secondary');
    return { result: { secondary, resynchronization }, outcome: synchronizationText(stage, resynchronization) };
  });
}

function synchronizationText({ plan }: Stage, { traffic, dirtyBefore, dirtyAtMost }: Synchronization): string {
  const total = Math.ceil(plan.geometry.sizeBytes / plan.geometry.grainBytes);
  return (
    `${String(traffic.grainsSent)} of ${String(total)} grains were sent, of which ${String(dirtyBefore)} were dirty before and ${String(dirtyAtMost)} with what the host wrote meanwhile; ` +
    `${formatBytes(traffic.dataBytes)} of data and ${formatBytes(traffic.metadataBytes)} of metadata crossed the link.`
  );
}
