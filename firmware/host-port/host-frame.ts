import { fromBinary } from '@bufbuild/protobuf';
import { type HostFrame, HostFrameSchema } from '../../protos/gen/grainlink/host/v1/host_pb.js';

/** The bodies that the card knows. */
export type HostBody = Exclude<HostFrame['body'], { case: undefined }>;

export interface DecodedHostFrame {
  readonly body: HostBody;
  /** A view of the frame's memory, as is any other bytes field in it. */
  readonly payload: Uint8Array;
}

/** Decodes what a host sent. Undefined when it is no HostFrame, or one with a body that the card does not know. */
export function decodeHostFrame(bytes: Uint8Array): DecodedHostFrame | undefined {
  let frame: HostFrame;
  try {
    // Unknown fields would be kept for nothing.
    frame = fromBinary(HostFrameSchema, bytes, { readUnknownFields: false });
  } catch {
    // Whatever protobuf-es makes of garbage, the stack used up by nested groups included.
    return undefined;
  }
  const { body, payload } = frame;
  return body.case === undefined ? undefined : { body, payload };
}
