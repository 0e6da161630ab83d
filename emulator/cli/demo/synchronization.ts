import type { CardStatus } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { RefusedError } from '../errors.js';
import { awaitStatus, isSynchronized } from './awaiting.js';
import type { CardProcess } from './card-process.js';
import { dirtyGrains } from './dirty-grains.js';
import { type LinkTraffic, trafficBetween, trafficOf } from './link-traffic.js';
import type { Stage } from './stage.js';

/** A synchronization (316), from the primary's map before it to the moment when nothing is out-of-sync. */
export interface Synchronization {
  /** Grains dirty just before it began. */
  readonly dirtyBefore: number;
  /** Grains that were dirty then, or that the host wrote to until it was over: no more than these may be sent. */
  readonly dirtyAtMost: number;
  /** Data includes what the host wrote meanwhile, which is mirrored. */
  readonly traffic: LinkTraffic;
  readonly durationMs: number;
}

/**
 * Watches a synchronization from the primary.
 * @param begin makes the secondary ask for it (314).
 * @throws RefusedError when not every dirty grain was sent, or others than dirty ones were.
 */
export async function watchSynchronization({ touched, waiter }: Stage, { driver }: CardProcess, begin: () => Promise<void>): Promise<Synchronization> {
  const before = await driver.status();
  touched.restart();
  const dirty = await dirtyGrains(driver, Number(before.grainsTotal));
  const beganMs = waiter.nowMs();
  await begin();
  const after = await awaitStatus(waiter, driver, 'the pair is synchronized', isSynchronized);
  const durationMs = waiter.nowMs() - beganMs;
  const traffic = trafficBetween(trafficOf(before), trafficOf(after));
  const dirtyAtMost = new Set([...dirty, ...touched.grains()]).size;
  mustBeOnlyDirty(traffic.grainsSent, dirty.size, dirtyAtMost, after);
  return { dirtyBefore: dirty.size, dirtyAtMost, traffic, durationMs };
}

/** Rule 17. Hosts do not stop, so that the number is known within what they wrote meanwhile. */
function mustBeOnlyDirty(sent: number, least: number, most: number, { grainsTotal }: CardStatus): void {
  if (sent >= least && sent <= most) return;
  const detail = `${String(sent)} of ${String(grainsTotal)} grains were sent; ${String(least)} were dirty before, and ${String(most)} at most until it was over`;
  throw new RefusedError('CHECK_FAILED', 'Synchronization sent something else than the dirty grains.', detail);
}
