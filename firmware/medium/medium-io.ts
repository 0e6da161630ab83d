import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type CommandError, toCommandError } from '../errors.js';
import type { MediumDrive, MediumFile } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import { PartError, type Suspension, type Task } from '../kernel/pending.js';

/** Runs an operation whose part is known, so that its failure says which part it was. */
export function* failingAs<T>(status: Status, operation: Task<T>): Task<T> {
  try {
    return yield* operation;
  } catch (error) {
    throw toCommandError(error, status);
  }
}

/** Opens a medium that is there. Returns undefined when there is none. */
export function* openMedium(loop: EventLoop, drive: MediumDrive, path: string, mode: 'resume' | 'read'): Task<MediumFile | undefined> {
  try {
    return yield* loop.run<MediumFile>((done) => { drive.open(path, mode, done); });
  } catch (error) {
    if (error instanceof PartError && error.fault.kind === 'not-found') return undefined;
    throw toCommandError(error, Status.MEDIUM_ERROR);
  }
}

/** @throws CommandError MEDIUM_EXISTS, MEDIUM_NOT_FOUND (its directory is not there), MEDIUM_ERROR. */
export function* createMedium(loop: EventLoop, drive: MediumDrive, path: string): Task<MediumFile> {
  try {
    return yield* loop.run<MediumFile>((done) => { drive.open(path, 'create', done); });
  } catch (error) {
    const kind = error instanceof PartError ? error.fault.kind : 'io';
    const known = kind === 'exists' ? Status.MEDIUM_EXISTS : kind === 'not-found' ? Status.MEDIUM_NOT_FOUND : Status.MEDIUM_ERROR;
    throw toCommandError(error, known);
  }
}

export function* closeMedium(loop: EventLoop, file: MediumFile): Task {
  // Everything that must be durable was flushed before: a failure to close has nothing to say.
  yield* settled([loop.start<void>((done) => { file.close(done); })]);
}

/** Closes the medium after `work`, however that ends. */
export function* closing<T>(loop: EventLoop, file: MediumFile, work: Task<T>): Task<T> {
  try {
    return yield* work;
  } finally {
    yield* closeMedium(loop, file);
  }
}

/** @throws CommandError MEDIUM_TRUNCATED, MEDIUM_ERROR. */
export function* readMedium(loop: EventLoop, file: MediumFile, offsetBytes: number, into: Uint8Array): Task {
  try {
    yield* loop.run<void>((done) => { file.read(offsetBytes, into, done); });
  } catch (error) {
    throw mediumError(error);
  }
}

/** What a failed read of the medium means. */
export function mediumError(error: unknown): CommandError {
  const truncated = error instanceof PartError && error.fault.kind === 'truncated';
  return toCommandError(error, truncated ? Status.MEDIUM_TRUNCATED : Status.MEDIUM_ERROR);
}

export function* writeMedium(loop: EventLoop, file: MediumFile, offsetBytes: number, from: readonly Uint8Array[]): Task {
  yield* failingAs(Status.MEDIUM_ERROR, loop.run<void>((done) => { file.write(offsetBytes, from, done); }));
}

export function* flushMedium(loop: EventLoop, file: MediumFile): Task {
  yield* failingAs(Status.MEDIUM_ERROR, loop.run<void>((done) => { file.flush(done); }));
}

/** Waits for operations whatever becomes of them: the memory lent to them is free afterwards. */
export function* settled(operations: readonly Suspension[]): Task {
  for (const operation of operations) if (!operation.settled) yield operation;
}
