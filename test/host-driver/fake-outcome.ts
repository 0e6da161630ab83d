import type { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { AdminResponse } from '../../protos/gen/grainlink/host/v1/admin_pb.js';

/** How a command ended. */
export interface Outcome {
  readonly status: Status;
  readonly detail?: string;
  readonly data?: Uint8Array;
  readonly admin?: AdminResponse;
}
