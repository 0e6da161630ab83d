import type { Command } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import type { Task } from '../kernel/pending.js';
import type { IoContext } from './io-command.js';
import { checkNoPayload, checkVolume } from './validation.js';

/** Makes every write that completed before it durable (rule 4). LBA and blocks have no meaning. */
export function* flush(context: IoContext, command: Command, payload: Uint8Array): Task<undefined> {
  checkNoPayload(payload);
  checkVolume(command);
  yield* context.io.flush();
}
