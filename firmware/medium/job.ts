import { create } from '@bufbuild/protobuf';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type JobKind, JobState, type JobStatus, JobStatusSchema } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { toCommandError } from '../errors.js';
import type { MediumFile } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import { MAX_CHUNK_HEAD_BYTES, MAX_TRANSFER_BYTES, MEDIUM_BUFFERS } from '../limits.js';

/** Where chunks are on their way between medium and disk: MEDIUM_BUFFERS buffers, and room for a chunk that wraps. */
const MEMORY_BYTES = (MEDIUM_BUFFERS + 1) * MAX_TRANSFER_BYTES + MAX_CHUNK_HEAD_BYTES + 64;

/** The memory that one export, load or verification needs. One job runs at a time, so a card has one. */
export function mediumMemory(): Uint8Array {
  return new Uint8Array(MEMORY_BYTES);
}

export function newJob(kind: JobKind, path: string, grains: number): JobStatus {
  return create(JobStatusSchema, { kind, state: JobState.RUNNING, path, grainsTotal: BigInt(grains) });
}

/** Runs a job to its end, and tells the end in `job`. Only a firmware fault leaves this. */
export function* runJob(job: JobStatus, file: MediumFile, loop: EventLoop, work: Task): Task {
  try {
    yield* closing(loop, file, work);
    job.state = JobState.SUCCEEDED;
    job.status = Status.SUCCESS;
  } catch (error) {
    const { status, detail } = toCommandError(error, Status.INTERNAL);
    job.state = JobState.FAILED;
    job.status = status;
    job.detail = detail;
  }
}

/** Closes the medium after `work`, however that ends. */
export function* closing<T>(loop: EventLoop, file: MediumFile, work: Task<T>): Task<T> {
  try {
    return yield* work;
  } finally {
    const closed = loop.start<void>((done) => { file.close(done); });
    // Everything that must be durable was flushed before: a failure to close has nothing to say.
    if (!closed.settled) yield closed;
  }
}
