import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { encodeHead } from '../../protos/framing/gathered-message.js';
import type { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { AdminResponse } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { CardFrameSchema, type ConnectedSchema, type PropertyValueSchema } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import type { ReadData } from '../commands/io-command.js';
import type { Posted } from '../queues/queue-pair.js';
import { layPlainCompletion } from './plain-completion.js';

/** How a command ended. */
export interface Finished {
  readonly commandId: number;
  readonly status: Status;
  readonly detail: string;
  readonly admin?: AdminResponse;
  readonly data?: ReadData;
}

const PAYLOAD_FIELD_NUMBER = 15;

/** The head of a completion's frame; the data of a read is gathered behind it. */
export function encodeCompletion(queue: number, { finished, sqHead, phase }: Posted<Finished>): Uint8Array {
  const { commandId, status, detail, admin, data } = finished;
  const payloadBytes = data?.payload.length ?? 0;
  if (detail === '' && admin === undefined) return layPlainCompletion({ queue, commandId, status, sqHead, phase }, payloadBytes);
  const value = { queue, commandId, status, detail, sqHead, phase, ...(admin === undefined ? undefined : { admin }) };
  const frame = create(CardFrameSchema, { body: { case: 'completion', value } });
  return encodeHead(CardFrameSchema, frame, PAYLOAD_FIELD_NUMBER, payloadBytes);
}

export function encodeConnected(value: MessageInitShape<typeof ConnectedSchema>): Uint8Array {
  return encodeHead(CardFrameSchema, create(CardFrameSchema, { body: { case: 'connected', value } }), PAYLOAD_FIELD_NUMBER, 0);
}

export function encodePropertyValue(value: MessageInitShape<typeof PropertyValueSchema>): Uint8Array {
  return encodeHead(CardFrameSchema, create(CardFrameSchema, { body: { case: 'propertyValue', value } }), PAYLOAD_FIELD_NUMBER, 0);
}
