import { fromBinary } from '@bufbuild/protobuf';
import { type CardFrame, CardFrameSchema } from '../protos/gen/grainlink/host/v1/host_pb.js';

/**
 * Decodes what a card sent, or returns undefined when it is no `CardFrame`. The payload is a view of `frame`,
 * valid as long as that; everything else may be kept.
 */
export function decodeCardFrame(frame: Uint8Array): CardFrame | undefined {
  try {
    const decoded = fromBinary(CardFrameSchema, frame);
    // protobuf-es makes every `bytes` field a view. Answers that carry such fields are kept, so they are
    // decoded from memory of their own; they are rare.
    return holdsBytes(decoded) ? fromBinary(CardFrameSchema, frame.slice()) : decoded;
  } catch {
    return undefined;
  }
}

function holdsBytes({ body }: CardFrame): boolean {
  return body.case === 'propertyValue' || (body.case === 'completion' && body.value.admin !== undefined);
}
