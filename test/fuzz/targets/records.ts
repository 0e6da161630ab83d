import { Blake3Digest } from '../../../emulator/parts/blake3-digest.js';

/* Durable records: a message in a fixed place, behind its length and its CRC-32C (`firmware/metadata/sealed-record.ts`). */

export const digest = new Blake3Digest();
const HEAD_BYTES = 8;
const SEALED = 1;

/**
 * What stands in a record's place: after a first byte that is odd a message, which gets its length and checksum;
 * else the bytes as they are. Longer ones are cut off.
 */
export function placeOf(part: Uint8Array, placeBytes: number): Uint8Array {
  const place = new Uint8Array(placeBytes);
  const content = part.subarray(1);
  if (((part[0] ?? 0) & 1) !== SEALED) {
    place.set(content.subarray(0, placeBytes));
    return place;
  }
  const message = content.subarray(0, placeBytes - HEAD_BYTES);
  const view = new DataView(place.buffer);
  view.setUint32(0, message.length, true);
  view.setUint32(4, digest.crc32c(message), true);
  place.set(message, HEAD_BYTES);
  return place;
}

/** A part whose place holds this message, sealed. */
export function sealed(message: Uint8Array): Uint8Array {
  return Uint8Array.of(SEALED, ...message);
}
