import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { CommandError, toCommandError } from '../errors.js';
import type { MediumDrive, MediumFile } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import { PartError, type Suspension, type Task } from '../kernel/pending.js';

/** Opens a medium that is there. Returns undefined when there is none. */
export function* openMedium(loop: EventLoop, drive: MediumDrive, path: string, mode: 'resume' | 'read'): Task<MediumFile | undefined> {
  try {
    return yield* loop.run<MediumFile>((done) => { drive.open(path, mode, done); });
  } catch (error) {
    if (error instanceof PartError && error.fault.kind === 'not-found') return undefined;
    throw toCommandError(error);
  }
}

/** @throws CommandError MEDIUM_EXISTS, MEDIUM_NOT_FOUND (its directory is not there), MEDIUM_ERROR. */
export function* createMedium(loop: EventLoop, drive: MediumDrive, path: string): Task<MediumFile> {
  try {
    return yield* loop.run<MediumFile>((done) => { drive.open(path, 'create', done); });
  } catch (error) {
    const fault = error instanceof PartError ? error.fault : undefined;
    if (fault?.kind === 'exists') throw new CommandError(Status.MEDIUM_EXISTS, fault.text);
    if (fault?.kind === 'not-found') throw new CommandError(Status.MEDIUM_NOT_FOUND, fault.text);
    throw toCommandError(error);
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
  if (error instanceof PartError && error.fault.kind === 'truncated') return new CommandError(Status.MEDIUM_TRUNCATED, error.fault.text);
  return toCommandError(error);
}

export function* writeMedium(loop: EventLoop, file: MediumFile, offsetBytes: number, from: readonly Uint8Array[]): Task {
  yield* loop.run<void>((done) => { file.write(offsetBytes, from, done); });
}

export function* flushMedium(loop: EventLoop, file: MediumFile): Task {
  yield* loop.run<void>((done) => { file.flush(done); });
}

/** Waits for operations whatever becomes of them: the memory lent to them is free afterwards. */
export function* settled(operations: readonly Suspension[]): Task {
  for (const operation of operations) if (!operation.settled) yield operation;
}
