import { create, fromBinary } from '@bufbuild/protobuf';
import { MediumChunkSchema } from '../../protos/gen/grainlink/medium/v1/medium_pb.js';
import { encodeDelimitedHead } from '../../protos/framing/gathered-message.js';
import type { Digest } from '../hal.js';
import { BLOCK_BYTES, MAX_CHUNK_HEAD_BYTES, MAX_TRANSFER_BYTES } from '../limits.js';

/**
 * The chunks of a medium: varint-delimited MediumChunk messages, in the order of the volume and without
 * gaps. A chunk is a run of consecutive grains' bytes that at T0 were all written, and then carries them,
 * or never written, and then is a marker.
 */
export interface Extent {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly unwritten: boolean;
}

export interface Chunk extends Extent {
  readonly index: number;
  /** Empty when unwritten. */
  readonly payload: Uint8Array;
  readonly digest: Uint8Array;
  /** Bytes on the medium, length prefix included. */
  readonly encodedBytes: number;
}

const PAYLOAD_FIELD = 15;
const NO_PAYLOAD = new Uint8Array(0);

/** The longest message of a chunk: a length over this is damage. */
export const MAX_CHUNK_BYTES = MAX_TRANSFER_BYTES + MAX_CHUNK_HEAD_BYTES;

/** Everything of an encoded chunk that stands before its payload. */
export function encodeChunkHead(index: number, extent: Extent, digest: Uint8Array): Uint8Array {
  const message = create(MediumChunkSchema, {
    index: BigInt(index),
    offsetBytes: BigInt(extent.offsetBytes),
    lengthBytes: BigInt(extent.lengthBytes),
    unwritten: extent.unwritten,
    digest,
  });
  return encodeDelimitedHead(MediumChunkSchema, message, PAYLOAD_FIELD, extent.unwritten ? 0 : extent.lengthBytes);
}

/**
 * Reads a chunk that begins with its length prefix.
 *
 * @param encoded prefix and message, and nothing else. The chunk's payload is a view of it.
 * @returns undefined when this is not what {@link encodeChunkHead} and a payload make up, byte for byte.
 */
export function decodeChunk(encoded: Uint8Array, prefixBytes: number): Chunk | undefined {
  let message;
  try {
    message = fromBinary(MediumChunkSchema, encoded.subarray(prefixBytes));
  } catch {
    return undefined;
  }
  const extent = {
    offsetBytes: Number(message.offsetBytes),
    lengthBytes: Number(message.lengthBytes),
    unwritten: message.unwritten,
  };
  const index = Number(message.index);
  const { payload, digest } = message;
  if (![index, extent.offsetBytes, extent.lengthBytes].every(Number.isSafeInteger)) return undefined;
  if (payload.length !== (extent.unwritten ? 0 : extent.lengthBytes) || payload.length > MAX_TRANSFER_BYTES) return undefined;
  if (extent.lengthBytes === 0 || extent.lengthBytes % BLOCK_BYTES !== 0) return undefined;
  const head = encodeChunkHead(index, extent, digest);
  if (head.length + payload.length !== encoded.length || !head.every((byte, at) => encoded[at] === byte)) return undefined;
  return { ...extent, index, payload, digest, encodedBytes: encoded.length };
}

/** Index, offset, length (u64 each) and unwritten (u8), little endian, then the payload. */
export function chunkDigest(digest: Digest, index: number, extent: Extent, payload: Uint8Array = NO_PAYLOAD): Uint8Array {
  const fields = new Uint8Array(25);
  const view = new DataView(fields.buffer);
  view.setBigUint64(0, BigInt(index), true);
  view.setBigUint64(8, BigInt(extent.offsetBytes), true);
  view.setBigUint64(16, BigInt(extent.lengthBytes), true);
  view.setUint8(24, extent.unwritten ? 1 : 0);
  return digest.digest([fields, payload]);
}

/** The root chain before any chunk: it binds the label. */
export function chainStart(digest: Digest, labelBlock: Uint8Array): Uint8Array {
  return digest.digest([labelBlock]);
}

/** root(n) from root(n-1) and the digest of chunk n. After the last chunk it is the root of the medium. */
export function chainNext(digest: Digest, chain: Uint8Array, ofChunk: Uint8Array): Uint8Array {
  return digest.digest([chain, ofChunk]);
}
