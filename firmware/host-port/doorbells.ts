import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { CommandError } from '../errors.js';
import type { HostTable } from './host-table.js';

/**
 * The doorbells as hosts see them in the registers. A capsule rings its queue's tail as it arrives, a sent
 * completion the head; so by a register nothing is left to ring.
 */
export class Doorbells {
  constructor(private readonly hosts: HostTable) {}

  /** Tail of the submission queue in a slot; 0 when there is none. */
  submissionTail(slot: number): number {
    return this.hosts.queueAt(slot)?.submissions.doorbell ?? 0;
  }

  /** Head of the completion queue in a slot; 0 when there is none. */
  completionHead(slot: number): number {
    return this.hosts.queueAt(slot)?.completions.head ?? 0;
  }

  /** @throws CommandError UNKNOWN_QUEUE, or INVALID_FIELD when the tail names commands that never came. */
  ringSubmissionTail(slot: number, tail: number): void {
    if (this.hosts.queueAt(slot) === undefined) throw unknownSlot(slot);
    if (tail !== this.submissionTail(slot)) throw badValue('tail', tail, this.submissionTail(slot), slot);
  }

  /** @throws CommandError UNKNOWN_QUEUE, or INVALID_FIELD when the head is not where the sent frames moved it. */
  ringCompletionHead(slot: number, head: number): void {
    if (this.hosts.queueAt(slot) === undefined) throw unknownSlot(slot);
    if (head !== this.completionHead(slot)) throw badValue('head', head, this.completionHead(slot), slot);
  }
}

function unknownSlot(slot: number): CommandError {
  return new CommandError(Status.UNKNOWN_QUEUE, `no queue pair in slot ${String(slot)}`);
}

function badValue(which: 'tail' | 'head', value: number, actual: number, slot: number): CommandError {
  return new CommandError(Status.INVALID_FIELD, `${which} ${String(value)} in slot ${String(slot)}; frames moved it to ${String(actual)}`);
}
