import type { Command } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import type { Task } from '../kernel/pending.js';
import { MAX_ZERO_BYTES } from '../limits.js';
import type { IoContext } from './io-command.js';
import { checkNoPayload, extentOf } from './validation.js';

export function* writeZeroes(context: IoContext, command: Command, payload: Uint8Array): Task<undefined> {
  checkNoPayload(payload);
  const { offsetBytes, lengthBytes } = extentOf(command, context.volumeBlocks, MAX_ZERO_BYTES);
  yield* context.io.zero(offsetBytes, lengthBytes, command.fua);
}
