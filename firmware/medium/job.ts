import { create } from '@bufbuild/protobuf';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type JobKind, JobState, type JobStatus, JobStatusSchema } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { CommandError, toCommandError } from '../errors.js';
import type { MediumFile } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import type { Position } from '../metadata/position-store.js';
import type { Volume } from '../volume/volume.js';
import { closing } from './medium-io.js';

/** Lets a job end before its time, at a chunk's end, because the card goes down. */
export class HaltRequest {
  #wanted = false;

  want(): void {
    this.#wanted = true;
  }

  /** @throws CommandError BUSY once the halt is wanted. */
  check(): void {
    if (this.#wanted) throw new CommandError(Status.BUSY, 'the card is going down; give the command again to go on');
  }
}

export function newJob(kind: JobKind, path: string, grains: number): JobStatus {
  return create(JobStatusSchema, { kind, state: JobState.RUNNING, path, grainsTotal: BigInt(grains) });
}

export function reportProgress(job: JobStatus, volume: Volume, { volumeOffsetBytes }: Position): void {
  const grains = volumeOffsetBytes === volume.sizeBytes ? volume.grains : Math.floor(volumeOffsetBytes / volume.grainBytes);
  job.grainsDone = BigInt(grains);
}

/** Runs a job to its end, and tells the end in `job`. Only a firmware fault leaves this. */
export function* runJob(job: JobStatus, file: MediumFile, loop: EventLoop, work: Task): Task {
  try {
    yield* closing(loop, file, work);
    job.state = JobState.SUCCEEDED;
    job.status = Status.SUCCESS;
  } catch (error) {
    const { status, detail } = toCommandError(error);
    job.state = JobState.FAILED;
    job.status = status;
    job.detail = detail;
  }
}
