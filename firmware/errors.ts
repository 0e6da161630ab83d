import { Status } from '../protos/gen/grainlink/common/v1/common_pb.js';
import type { CardPart } from './hal.js';
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

const STATUS_OF_PART: Readonly<Record<CardPart, Status>> = {
  nvram: Status.NVRAM_ERROR,
  disk: Status.DISK_ERROR,
  medium: Status.MEDIUM_ERROR,
  port: Status.LINK_LOST,
};

/** What a host is told of an error that ended its command. */
export function toCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof PartError) return new CommandError(STATUS_OF_PART[error.fault.part], error.fault.text);
  throw error;
}
