import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { type Below, mutateBytes } from './mutate-bytes.js';

/** A field of a message, as it stands on the wire: without a schema, its number and what follows the tag. */
interface Field {
  readonly number: number;
  readonly wireType: WireType;
  readonly value: bigint | Uint8Array;
}

const MOST_DEEP = 6;

/**
 * A message with one field changed, at any depth: the lengths around it stay right, where a changed byte would
 * leave no message at all. Undefined when the bytes are no message.
 */
export function mutateMessage(bytes: Uint8Array, below: Below, depth = 0): Uint8Array | undefined {
  const fields = fieldsOf(bytes);
  if (fields === undefined || fields.length === 0) return undefined;
  const at = below(fields.length);
  const field = fields[at];
  if (field === undefined) return undefined;
  switch (below(6)) {
    case 0: // Left out.
      fields.splice(at, 1);
      break;
    case 1: // Twice: the last one counts, or it is repeated.
      fields.splice(below(fields.length + 1), 0, field);
      break;
    case 2: // Another field's number.
      fields[at] = { ...field, number: 1 + below(32) };
      break;
    default:
      fields[at] = { ...field, value: mutateValue(field.value, below, depth) };
  }
  return encode(fields);
}

function mutateValue(value: bigint | Uint8Array, below: Below, depth: number): bigint | Uint8Array {
  if (value instanceof Uint8Array) {
    return (depth < MOST_DEEP && below(3) > 0 ? mutateMessage(value, below, depth + 1) : undefined) ?? mutateBytes(value, below);
  }
  const near = BigInt.asUintN(64, value + BigInt(below(5) - 2));
  const power = 1n << BigInt(below(64));
  return [near, power, power - 1n, BigInt.asUintN(64, -1n), 0n, value ^ power][below(6)] ?? near;
}

function fieldsOf(bytes: Uint8Array): Field[] | undefined {
  const reader = new BinaryReader(bytes);
  const fields: Field[] = [];
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      fields.push({ number, wireType, value: valueOf(reader, wireType) });
    }
  } catch {
    return undefined;
  }
  return fields;
}

function valueOf(reader: BinaryReader, wireType: WireType): bigint | Uint8Array {
  switch (wireType) {
    case WireType.Varint:
      return BigInt(reader.uint64());
    case WireType.Bit64:
      return BigInt(reader.fixed64());
    case WireType.Bit32:
      return BigInt(reader.fixed32());
    case WireType.LengthDelimited:
      return reader.bytes();
    default:
      throw new Error('groups are left as they are');
  }
}

function encode(fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { number, wireType, value } of fields) {
    writer.tag(number, wireType);
    if (value instanceof Uint8Array) writer.bytes(value);
    else if (wireType === WireType.Bit64) writer.fixed64(value);
    else if (wireType === WireType.Bit32) writer.fixed32(Number(BigInt.asUintN(32, value)));
    else writer.uint64(value);
  }
  return writer.finish();
}
