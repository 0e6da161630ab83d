import { fromBinary, toBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import {
  type MediumLabel,
  MediumLabelSchema,
  type MediumSeal,
  MediumSealSchema,
} from '../../protos/gen/grainlink/medium/v1/medium_pb.js';
import { CommandError } from '../errors.js';
import type { Digest } from '../hal.js';
import { MAX_GRAIN_BYTES, MAX_VOLUME_BYTES, MEDIUM_LABEL_BYTES, MIN_GRAIN_BYTES, MIN_VOLUME_BYTES } from '../limits.js';
import { ID_BYTES } from '../metadata/format.js';

/**
 * The two blocks at the start of a medium (212), MEDIUM_LABEL_BYTES each. Block 0, the label: what the
 * medium is. Block 1, the seal: all zero until every chunk is durable. A block, little endian:
 *
 *     magic "GRAINLNK" | format version u32 | message length u32 | CRC-32C of the message u32 | message | zeroes
 *
 * One content has one sequence of bytes: whatever else stands there is damage.
 */
export const FORMAT_VERSION = 1;
export const LABEL_OFFSET_BYTES = 0;
export const SEAL_OFFSET_BYTES = MEDIUM_LABEL_BYTES;
export const CHUNKS_OFFSET_BYTES = 2 * MEDIUM_LABEL_BYTES;

const MAGIC = Uint8Array.from('GRAINLNK', (letter) => letter.charCodeAt(0));
const VERSION_AT = 8;
const LENGTH_AT = 12;
const CRC_AT = 16;
const MESSAGE_AT = 20;

/** An unsealed medium's second block. */
export const BLANK_BLOCK: Readonly<Uint8Array> = new Uint8Array(MEDIUM_LABEL_BYTES);

export function encodeLabel(digest: Digest, label: MediumLabel): Uint8Array {
  return encodeBlock(digest, MediumLabelSchema, label);
}

export function encodeSeal(digest: Digest, seal: MediumSeal): Uint8Array {
  return encodeBlock(digest, MediumSealSchema, seal);
}

/**
 * @throws CommandError MEDIUM_NOT_A_MEDIUM, MEDIUM_UNSUPPORTED_VERSION.
 */
export function decodeLabel(digest: Digest, block: Uint8Array): MediumLabel {
  if (!MAGIC.every((byte, at) => block[at] === byte)) throw new CommandError(Status.MEDIUM_NOT_A_MEDIUM);
  const version = viewOf(block).getUint32(VERSION_AT, true);
  if (version !== FORMAT_VERSION) throw new CommandError(Status.MEDIUM_UNSUPPORTED_VERSION, `format ${String(version)}`);
  const label = decodeBlock(digest, MediumLabelSchema, block);
  if (label === undefined) throw new CommandError(Status.MEDIUM_NOT_A_MEDIUM, 'the label is damaged');
  if (!isPlausible(label)) throw new CommandError(Status.MEDIUM_NOT_A_MEDIUM, 'the label holds impossible values');
  return label;
}

/**
 * The seal, or undefined on a medium that has none.
 *
 * @throws CommandError MEDIUM_DAMAGED.
 */
export function decodeSeal(digest: Digest, block: Uint8Array): MediumSeal | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const seal = decodeBlock(digest, MediumSealSchema, block);
  if (seal?.root.length !== digest.digestBytes) throw new CommandError(Status.MEDIUM_DAMAGED, 'the seal block');
  return seal;
}

function encodeBlock<Desc extends DescMessage>(digest: Digest, schema: Desc, message: MessageShape<Desc>): Uint8Array {
  const bytes = toBinary(schema, message);
  if (bytes.length > MEDIUM_LABEL_BYTES - MESSAGE_AT) throw new Error('a label outgrew its block');
  const block = new Uint8Array(MEDIUM_LABEL_BYTES);
  block.set(MAGIC);
  const view = viewOf(block);
  view.setUint32(VERSION_AT, FORMAT_VERSION, true);
  view.setUint32(LENGTH_AT, bytes.length, true);
  view.setUint32(CRC_AT, digest.crc32c(bytes), true);
  block.set(bytes, MESSAGE_AT);
  return block;
}

function decodeBlock<Desc extends DescMessage>(digest: Digest, schema: Desc, block: Uint8Array): MessageShape<Desc> | undefined {
  const view = viewOf(block);
  const length = view.getUint32(LENGTH_AT, true);
  if (length > MEDIUM_LABEL_BYTES - MESSAGE_AT) return undefined;
  // A copy, since the message's byte fields would be views of a buffer that is used again.
  const bytes = block.slice(MESSAGE_AT, MESSAGE_AT + length);
  if (digest.crc32c(bytes) !== view.getUint32(CRC_AT, true)) return undefined;
  let message: MessageShape<Desc>;
  try {
    message = fromBinary(schema, bytes);
  } catch {
    return undefined;
  }
  const canonical = encodeBlock(digest, schema, message);
  return canonical.every((byte, at) => block[at] === byte) ? message : undefined;
}

function isPlausible(label: MediumLabel): boolean {
  const ids = [label.mediumId, label.relationshipId, label.volumeId, label.t0Id];
  const grains = label.grainBytes;
  return (
    ids.every((id) => id.length === ID_BYTES) &&
    label.generation !== 0n &&
    label.sizeBytes >= BigInt(MIN_VOLUME_BYTES) &&
    label.sizeBytes <= BigInt(MAX_VOLUME_BYTES) &&
    label.sizeBytes % BigInt(MIN_GRAIN_BYTES) === 0n &&
    grains >= MIN_GRAIN_BYTES &&
    grains <= MAX_GRAIN_BYTES &&
    Number.isInteger(Math.log2(grains))
  );
}

function viewOf(block: Uint8Array): DataView {
  return new DataView(block.buffer, block.byteOffset, block.byteLength);
}
