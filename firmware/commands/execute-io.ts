import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type Command, Opcode } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import { CommandError } from '../errors.js';
import type { Task } from '../kernel/pending.js';
import { discard } from './discard.js';
import { flush } from './flush.js';
import type { IoCommand, IoContext, ReadData } from './io-command.js';
import { read } from './read.js';
import { write } from './write.js';
import { writeZeroes } from './write-zeroes.js';

const ioCommands: ReadonlyMap<Opcode, IoCommand> = new Map([
  [Opcode.READ, read],
  [Opcode.WRITE, write],
  [Opcode.FLUSH, flush],
  [Opcode.WRITE_ZEROES, writeZeroes],
  [Opcode.DISCARD, discard],
]);

/** Carries out a command of an I/O queue. `payload` stays untouched until it is done. */
export function executeIo(context: IoContext, command: Command, payload: Uint8Array): Task<ReadData | undefined> {
  const ioCommand = ioCommands.get(command.opcode);
  if (ioCommand === undefined) throw new CommandError(Status.UNKNOWN_COMMAND, `opcode ${String(command.opcode)} on an I/O queue`);
  return ioCommand(context, command, payload);
}
