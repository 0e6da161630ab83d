import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';

/** What an operator may be told who gives a command to a card that has just changed, or has come up without his knowing how far it was. */
const EXPECTED: ReadonlySet<Status> = new Set([
  Status.BUSY,
  Status.STARTING,
  Status.JOB_RUNNING,
  Status.NOT_PRIMARY,
  Status.NOT_SECONDARY,
  Status.NOT_STANDALONE,
  Status.ALREADY_ESTABLISHED,
  Status.NO_RELATIONSHIP,
  Status.READ_INCONSISTENT,
  Status.NOT_CONSISTENT,
  Status.ALREADY_STOPPED,
  Status.NOT_STOPPED,
  Status.ALREADY_CONNECTED,
  Status.NOT_WISHED,
  Status.NOT_LOADED,
  Status.SECONDARY_HAS_ACCESS,
  Status.NO_FLASH_COPY,
  Status.FLASH_COPY_ACTIVE,
  // Hosts may be quicker than an export.
  Status.FLASH_COPY_STORE_FULL,
  Status.FLASH_COPY_STOPPED,
]);

/** Any other says that a part failed, or that the card holds something else than it should. */
export function isExpected(status: Status): boolean {
  return EXPECTED.has(status);
}
