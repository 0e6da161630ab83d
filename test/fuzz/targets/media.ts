import { create, type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { MEDIUM_LABEL_BYTES } from '../../../firmware/limits.js';
import { chainNext, chainStart, chunkDigest } from '../../../firmware/medium/chunk-format.js';
import { CHUNKS_OFFSET_BYTES, encodeSeal, FORMAT_VERSION, SEAL_OFFSET_BYTES } from '../../../firmware/medium/label-blocks.js';
import { encodeLengthPrefix } from '../../../protos/framing/varint-frames.js';
import { MediumChunkSchema, MediumSealSchema } from '../../../protos/gen/grainlink/medium/v1/medium_pb.js';
import { chunkPlaces, exporting } from '../../firmware/support/media.js';
import { bootPrimary, establish, filled, hostWrite, takeT0 } from '../../firmware/support/primary-card.js';
import type { Input } from '../target.js';
import { digest } from './records.js';
import { formattedBoard } from '../../firmware/support/board.js';
import { run } from '../../firmware/support/tasks.js';
import { mediumBytes } from '../../firmware/support/contents.js';

/*
 * A medium as an input: what is repaired, then the messages of label and seal, then a chunk each. Without repair
 * the parts of label and seal are their whole blocks, and those of chunks have their length prefix; nothing of them
 * is touched.
 */
const REPAIR_LABEL = 1;
const REPAIR_SEAL = 2;
const REPAIR_CHUNKS = 4;
const REPAIR_ALL = REPAIR_LABEL | REPAIR_SEAL | REPAIR_CHUNKS;

/** Of a label block, before its message. */
const BLOCK_HEAD_BYTES = 20;
const NOTHING = new Uint8Array(0);

/** The bytes of a medium. */
export function mediumOf([repair = NOTHING, label = NOTHING, seal = NOTHING, ...chunks]: Input): Uint8Array {
  const what = repair[0] ?? 0;
  const labelBlock = padded((what & REPAIR_LABEL) !== 0 ? sealedBlock(label) : label);
  const repaired = (what & REPAIR_CHUNKS) !== 0 ? chunks.map(repairedChunk) : chunks;
  const sealBlock = padded((what & REPAIR_SEAL) !== 0 ? repairedSeal(seal, labelBlock, repaired) : seal);
  return new Uint8Array(Buffer.concat([labelBlock, sealBlock, ...repaired]));
}

function padded(bytes: Uint8Array): Uint8Array {
  const block = new Uint8Array(MEDIUM_LABEL_BYTES);
  block.set(bytes.subarray(0, block.length));
  return block;
}

/** A label block around any bytes: length and checksum fit. */
function sealedBlock(bytes: Uint8Array): Uint8Array {
  const message = bytes.subarray(0, MEDIUM_LABEL_BYTES - BLOCK_HEAD_BYTES);
  const head = Buffer.alloc(BLOCK_HEAD_BYTES);
  head.write('GRAINLNK');
  head.writeUInt32LE(FORMAT_VERSION, 8);
  head.writeUInt32LE(message.length, 12);
  head.writeUInt32LE(digest.crc32c(message), 16);
  return Buffer.concat([head, message]);
}

/** A chunk's message with the digest that is due, as long as it is one, behind its length. */
function repairedChunk(bytes: Uint8Array): Uint8Array {
  const message = bytes.slice();
  const chunk = decoded(MediumChunkSchema, message);
  if (chunk?.digest.length === digest.digestBytes) {
    const extent = { offsetBytes: Number(chunk.offsetBytes), lengthBytes: Number(chunk.lengthBytes), unwritten: chunk.unwritten };
    // It is a view of the message.
    chunk.digest.set(chunkDigest(digest, Number(chunk.index), extent, chunk.payload));
  }
  return Buffer.concat([encodeLengthPrefix(message.length), message]);
}

/** A seal over what the chunks are, as long as it is one. */
function repairedSeal(bytes: Uint8Array, labelBlock: Uint8Array, chunks: readonly Uint8Array[]): Uint8Array {
  const seal = decoded(MediumSealSchema, bytes);
  if (seal === undefined) return bytes;
  let root = chainStart(digest, labelBlock);
  for (const chunk of chunks) root = chainNext(digest, root, decoded(MediumChunkSchema, messageOfChunk(chunk))?.digest ?? NOTHING);
  const lengthBytes = BigInt(chunks.reduce((sum, chunk) => sum + chunk.length, CHUNKS_OFFSET_BYTES));
  return encodeSeal(digest, create(MediumSealSchema, { root, chunks: BigInt(chunks.length), lengthBytes, writtenGrains: seal.writtenGrains }));
}

/** Behind the length prefix. */
function messageOfChunk(chunk: Uint8Array): Uint8Array {
  return chunk.subarray(chunk.findIndex((byte) => byte < 0x80) + 1);
}

function decoded<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> | undefined {
  try {
    return fromBinary(schema, bytes);
  } catch {
    return undefined;
  }
}

let exported: Uint8Array | undefined;

/** A sealed medium that a card of {@link SMALL_GEOMETRY} exported: two grains written, the others not. */
export function exportedMedium(): Uint8Array {
  if (exported !== undefined) return exported;
  const card = bootPrimary(formattedBoard());
  establish(card);
  for (const grain of [1, 200]) run(card.core.loop, hostWrite(card, grain * SMALL_GEOMETRY.grainBytes, filled(SMALL_GEOMETRY.grainBytes, grain)));
  run(card.core.loop, takeT0(card));
  run(card.core.loop, exporting(card));
  exported = mediumBytes(card.board).slice();
  return exported;
}

/** As inputs: repaired where it is changed, as it is, before it was sealed, and with a bit of its data flipped. */
export function mediumSeeds(): Input[] {
  const medium = exportedMedium();
  const [labelBlock, sealBlock] = [medium.subarray(0, SEAL_OFFSET_BYTES), medium.subarray(SEAL_OFFSET_BYTES, CHUNKS_OFFSET_BYTES)];
  const raw = chunkPlaces(medium).map(({ start, end }) => medium.slice(start, end));
  const messages = raw.map(messageOfChunk);
  return [
    [Uint8Array.of(REPAIR_ALL), messageOf(labelBlock), messageOf(sealBlock), ...messages],
    [Uint8Array.of(0), trimmed(labelBlock), trimmed(sealBlock), ...raw],
    [Uint8Array.of(REPAIR_LABEL), messageOf(labelBlock), NOTHING, ...raw],
    [Uint8Array.of(0), trimmed(labelBlock), trimmed(sealBlock), ...raw.map(flipped)],
  ];
}

function messageOf(labelBlock: Uint8Array): Uint8Array {
  const lengthBytes = new DataView(labelBlock.buffer, labelBlock.byteOffset).getUint32(12, true);
  return labelBlock.slice(BLOCK_HEAD_BYTES, BLOCK_HEAD_BYTES + lengthBytes);
}

/** The last bit of its data. */
function flipped(chunk: Uint8Array): Uint8Array {
  const copy = chunk.slice();
  if (copy.length < SMALL_GEOMETRY.grainBytes) return copy;
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
  return copy;
}

function trimmed(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return bytes.slice(0, end);
}
