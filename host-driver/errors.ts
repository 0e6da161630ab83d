import type { Status } from '../protos/gen/grainlink/common/v1/common_pb.js';
import { statusName, statusSentence } from '../protos/status/sentences.js';

/** The card answered, and refused or failed. The connection goes on. */
export class CommandError extends Error {
  /** The code's name as in the contract. */
  readonly statusName: string;

  /** @param detail what in particular; may be empty. */
  constructor(
    readonly status: Status,
    readonly detail: string,
  ) {
    const name = statusName(status);
    super(`${name}: ${statusSentence(status)}${detail === '' ? '' : ` (${detail})`}`);
    this.name = 'CommandError';
    this.statusName = name;
  }
}

/**
 * The connection is gone, and with it every command in flight. Whether a write among them took effect is not
 * known. The driver does not connect again by itself.
 */
export class ConnectionLostError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConnectionLostError';
  }
}

/**
 * The card did not answer in time. The connection is given up with it, since a command id that may still be
 * in use cannot be used again; so what is said of {@link ConnectionLostError} holds here.
 */
export class TimeoutError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TimeoutError';
  }
}
