import { putVarint } from '../../protos/framing/varint-frames.js';
import type { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';

/** What every completion has; most have nothing else. */
export interface PlainCompletion {
  readonly queue: number;
  readonly commandId: number;
  readonly status: Status;
  readonly sqHead: number;
  readonly phase: boolean;
}

/** Tags of CardFrame and Completion, in one byte each: field number times eight, and the wire type. */
const FRAME_COMPLETION = 0x1a;
const FRAME_PAYLOAD = 0x7a;
const COMPLETION_QUEUE = 0x08;
const COMPLETION_COMMAND_ID = 0x10;
const COMPLETION_STATUS = 0x18;
const COMPLETION_SQ_HEAD = 0x28;
const COMPLETION_PHASE = 0x30;

/** Where the completion begins: behind its tag and its length, which takes one byte as it is so short. */
const BODY_AT = 2;
/** Five fields and the payload's key, of up to six bytes each, and what comes before. */
const MAX_HEAD_BYTES = 40;

const scratch = new Uint8Array(MAX_HEAD_BYTES);

/**
 * The head of a CardFrame with a completion and a payload, laid by hand: one goes out for each command, and
 * encoding it by reflection would take most of the host port's time. A test holds it to protobuf-es' bytes.
 */
export function layPlainCompletion(completion: PlainCompletion, payloadBytes: number): Uint8Array {
  let end = BODY_AT;
  end = putField(end, COMPLETION_QUEUE, completion.queue);
  end = putField(end, COMPLETION_COMMAND_ID, completion.commandId);
  end = putField(end, COMPLETION_STATUS, completion.status);
  end = putField(end, COMPLETION_SQ_HEAD, completion.sqHead);
  end = putField(end, COMPLETION_PHASE, completion.phase ? 1 : 0);
  scratch[0] = FRAME_COMPLETION;
  scratch[1] = end - BODY_AT;
  end = putField(end, FRAME_PAYLOAD, payloadBytes);
  return scratch.slice(0, end);
}

/** A field that is zero is not on the wire. */
function putField(at: number, tag: number, value: number): number {
  if (value === 0) return at;
  scratch[at] = tag;
  return putVarint(scratch, at + 1, value);
}
