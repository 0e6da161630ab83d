import type { Digest } from '../hal.js';

/**
 * A protobuf message in a fixed place: length, CRC-32C, bytes. What is torn, damaged or empty reads
 * as absent.
 */
const LENGTH_AT = 0;
export const CHECKSUM_AT = 4;
const HEAD_BYTES = 8;

/** @param place becomes the record, whatever it held. */
export function sealRecord(digest: Digest, message: Uint8Array, place: Uint8Array): void {
  if (message.length + HEAD_BYTES > place.length) throw new Error('a durable record outgrew its place');
  const view = new DataView(place.buffer, place.byteOffset, place.byteLength);
  view.setUint32(LENGTH_AT, message.length, true);
  view.setUint32(CHECKSUM_AT, digest.crc32c(message), true);
  place.set(message, HEAD_BYTES);
  place.fill(0, HEAD_BYTES + message.length);
}

export function openRecord(digest: Digest, place: Uint8Array): Uint8Array | undefined {
  const view = new DataView(place.buffer, place.byteOffset, place.byteLength);
  const length = view.getUint32(LENGTH_AT, true);
  if (length === 0 || length > place.length - HEAD_BYTES) return undefined;
  const message = place.subarray(HEAD_BYTES, HEAD_BYTES + length);
  return digest.crc32c(message) === view.getUint32(CHECKSUM_AT, true) ? message : undefined;
}
