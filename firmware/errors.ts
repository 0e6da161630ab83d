import { Status } from '../protos/gen/grainlink/common/v1/common_pb.js';
import { PartError } from './kernel/pending.js';

/** A command that the card refuses or could not carry out. `detail` says what in particular. */
export class CommandError extends Error {
  constructor(
    readonly status: Status,
    readonly detail = '',
  ) {
    super(detail === '' ? Status[status] : `${Status[status]}: ${detail}`);
    this.name = 'CommandError';
  }
}

/** What a host is told of an error that ended its command. `partStatus` says which part it came from. */
export function toCommandError(error: unknown, partStatus: Status): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof PartError) return new CommandError(partStatus, error.fault.text);
  throw error;
}
