import type { Command } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import type { Task } from '../kernel/pending.js';
import type { IoContext, ReadData } from './io-command.js';
import { checkNoPayload, extentOf } from './validation.js';

export function* read(context: IoContext, command: Command, payload: Uint8Array): Task<ReadData> {
  checkNoPayload(payload);
  const { offsetBytes, lengthBytes } = extentOf(command, context.volumeBlocks, context.maxTransferBytes);
  const buffer = yield* context.readBuffers.acquire();
  const into = buffer.subarray(0, lengthBytes);
  try {
    yield* context.io.read(offsetBytes, into);
  } catch (error) {
    context.readBuffers.release(buffer);
    throw error;
  }
  return { payload: into, release: () => { context.readBuffers.release(buffer); } };
}
