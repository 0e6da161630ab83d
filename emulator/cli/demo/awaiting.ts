import type { HostDriver } from '../../../host-driver/index.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { type CardStatus, LinkState, RelationshipState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { statusName, statusSentence } from '../../../protos/status/sentences.js';
import { enumWord } from '../enum-words.js';
import { RefusedError } from '../errors.js';
import { PATIENCE_MS, POLL_MS } from './settings.js';

/** What a wait needs of the world. */
export interface Waiter {
  nowMs(): number;
  sleep(durationMs: number): Promise<void>;
}

/**
 * Looks at a card's status until it is as wished.
 * @param what is awaited, in a few words.
 * @throws RefusedError when it does not come, or the primary refuses.
 */
export async function awaitStatus(waiter: Waiter, driver: HostDriver, what: string, wished: (status: CardStatus) => boolean): Promise<CardStatus> {
  const deadlineMs = waiter.nowMs() + PATIENCE_MS;
  for (;;) {
    const status = await driver.status();
    if (wished(status)) return status;
    if (status.linkState === LinkState.REFUSED && status.linkStatus !== Status.SUCCESS) {
      throw new RefusedError(statusName(status.linkStatus), statusSentence(status.linkStatus), status.linkDetail);
    }
    if (waiter.nowMs() >= deadlineMs) {
      const found = `state ${enumWord(RelationshipState, status.state)}, ${String(status.grainsOutOfSync)} grains out-of-sync, ${String(status.grainsInIntent)} in intent`;
      throw new RefusedError('CHECK_FAILED', `This did not come within ${String(PATIENCE_MS / 1000)} s: ${what}.`, found);
    }
    await waiter.sleep(POLL_MS);
  }
}

export function isSynchronized({ state }: CardStatus): boolean {
  return state === RelationshipState.CONSISTENT_SYNCHRONIZED;
}

/** Live, and every write durable on both sides. */
export function isSettled(status: CardStatus): boolean {
  return isSynchronized(status) && status.grainsOutOfSync === 0n && status.grainsInIntent === 0n;
}
