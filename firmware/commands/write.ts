import type { Command } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import type { Task } from '../kernel/pending.js';
import type { IoContext } from './io-command.js';
import { checkPayload, extentOf } from './validation.js';

export function* write(context: IoContext, command: Command, payload: Uint8Array): Task<undefined> {
  const extent = extentOf(command, context.volumeBlocks, context.maxTransferBytes);
  checkPayload(extent, payload);
  yield* context.io.write(extent.offsetBytes, payload, command.fua);
}
