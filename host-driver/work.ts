import type { Completion, Opcode } from '../protos/gen/grainlink/host/v1/host_pb.js';
import type { AdminRequest } from '../protos/gen/grainlink/host/v1/admin_pb.js';

/** One command to be submitted; the queue pair adds its queue and its id. */
export interface Submission {
  readonly opcode: Opcode;
  /** First block, and how many. */
  readonly lba: bigint;
  readonly blocks: number;
  readonly fua: boolean;
  readonly admin: AdminRequest | undefined;
  /** Data of a write, else undefined. Not copied. */
  readonly payload: Uint8Array | undefined;
  /** Data that crosses the line for it, in either direction, for the time that may take. */
  readonly dataBytes: number;
}

/**
 * What a caller asked for, as one or many commands. A queue pair takes the commands one by one as it has room,
 * so that a long range never stands in memory as a list; and works one work off before the next, so that
 * everything is submitted in the order of the calls.
 */
export interface Work {
  /** The next command, or undefined when there is none (any more). */
  next(): Submission | undefined;
  /** The card completed one; `data` is valid during the call alone. */
  completed(submission: Submission, completion: Completion, data: Uint8Array): void;
  /** Nothing more will come of it. May be called more than once. */
  failed(error: Error): void;
}
