import { type DescMessage, type MessageShape, ScalarType, toBinary } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { putVarint, varintBytes } from './varint-frames.js';

/*
 * A message whose last field is `bytes payload` goes out as a head and the payload itself, gathered behind it
 * by the sender's writev: the payload is never copied, and the wire holds ordinary protobuf. The head costs
 * a few microseconds, nearly all of it in protobuf-es' reflection; a hot message may one day have its head
 * laid by hand here, if a test proves it byte-identical.
 */

const WIRE_TYPE_BITS = 3;

/**
 * Everything of a message that comes before the bytes of its payload: the other fields, then the payload's
 * tag and length. `message.payload` itself has to be empty. With a payload of zero length it is the whole
 * message, as proto3 omits an empty field.
 */
export function encodeHead<Desc extends DescMessage>(
  schema: Desc,
  messageWithoutPayload: MessageShape<Desc>,
  payloadFieldNumber: number,
  payloadLengthBytes: number,
): Uint8Array {
  return layHead(schema, messageWithoutPayload, payloadFieldNumber, payloadLengthBytes, false);
}

/** As {@link encodeHead}, behind the prefix that varint framing wants for the whole message: one write the less. */
export function encodeDelimitedHead<Desc extends DescMessage>(
  schema: Desc,
  messageWithoutPayload: MessageShape<Desc>,
  payloadFieldNumber: number,
  payloadLengthBytes: number,
): Uint8Array {
  return layHead(schema, messageWithoutPayload, payloadFieldNumber, payloadLengthBytes, true);
}

function layHead<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  payloadFieldNumber: number,
  payloadLengthBytes: number,
  delimited: boolean,
): Uint8Array {
  const tag = payloadTag(schema, payloadFieldNumber);
  const rest = toBinary(schema, message);
  const payloadKeyBytes = payloadLengthBytes === 0 ? 0 : varintBytes(tag) + varintBytes(payloadLengthBytes);
  const messageBytes = rest.length + payloadKeyBytes + payloadLengthBytes;
  const prefixBytes = delimited ? varintBytes(messageBytes) : 0;

  const head = new Uint8Array(prefixBytes + rest.length + payloadKeyBytes);
  if (delimited) putVarint(head, 0, messageBytes);
  head.set(rest, prefixBytes);
  if (payloadLengthBytes > 0) putVarint(head, putVarint(head, prefixBytes + rest.length, tag), payloadLengthBytes);
  return head;
}

/** Tags of payload fields already checked. */
const payloadTags = new WeakMap<DescMessage, number>();

/** @throws when the field is not `bytes`, or not the last one: the result would not be what protobuf encodes. */
function payloadTag(schema: DescMessage, fieldNumber: number): number {
  const tag = (fieldNumber << WIRE_TYPE_BITS) | WireType.LengthDelimited;
  if (payloadTags.get(schema) === tag) return tag;
  const field = schema.fields.find((candidate) => candidate.number === fieldNumber);
  if (field?.fieldKind !== 'scalar' || field.scalar !== ScalarType.BYTES) {
    throw new Error(`${schema.typeName} has no bytes field ${String(fieldNumber)} to gather`);
  }
  if (schema.fields.some((other) => other.number > fieldNumber)) {
    throw new Error(`field ${String(fieldNumber)} of ${schema.typeName} is not its last one and cannot be gathered`);
  }
  payloadTags.set(schema, tag);
  return tag;
}
