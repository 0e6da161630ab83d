import { create } from '@bufbuild/protobuf';
import { encodeHead } from '../protos/framing/gathered-message.js';
import { type HostFrame, HostFrameSchema } from '../protos/gen/grainlink/host/v1/host_pb.js';

/** One frame, as parts to be gathered: its payload is not copied. */
export function encodeHostFrame(body: HostFrame['body'], payload: Uint8Array | undefined): Uint8Array[] {
  const frame = create(HostFrameSchema, { body });
  const head = encodeHead(HostFrameSchema, frame, HostFrameSchema.field.payload.number, payload?.length ?? 0);
  return payload === undefined || payload.length === 0 ? [head] : [head, payload];
}
