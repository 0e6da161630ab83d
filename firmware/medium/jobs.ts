import { create } from '@bufbuild/protobuf';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type JobKind, JobState, type JobStatus, JobStatusSchema } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { CardCore } from '../core.js';
import { CommandError } from '../errors.js';
import type { FlashCopy } from '../flash-copy/flash-copy.js';
import type { Task } from '../kernel/pending.js';
import type { Requester } from '../synchronization/requester.js';

/** Exports and loads: one at a time, each a task of its own whose progress stands in the status. */
export class MediumJobs {
  #status: JobStatus | undefined;

  constructor(
    private readonly core: CardCore,
    private readonly flashCopy: FlashCopy,
    private readonly requester: Requester,
    private readonly ended: () => void,
  ) {}

  get running(): boolean {
    return this.#status?.state === JobState.RUNNING;
  }

  get status(): JobStatus | undefined {
    return this.#status;
  }

  *startExport(path: string): Task {
    throw new CommandError(Status.UNKNOWN_COMMAND, path);
  }

  *startLoad(path: string, overwrite: boolean): Task {
    throw new CommandError(Status.UNKNOWN_COMMAND, path + String(overwrite));
  }

  *halt(): Task {
    return;
  }
}
