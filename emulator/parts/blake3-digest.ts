import { Blake3Hasher, blake3 } from '@napi-rs/blake-hash';
import CRC32C from 'crc-32/crc32c.js';
import type { Digest } from '../../firmware/hal.js';

const DIGEST_BYTES = 32;

/** The card's hash block: BLAKE3 in native code. */
export class Blake3Digest implements Digest {
  readonly digestBytes = DIGEST_BYTES;
  /** Reused: making a hasher costs more than hashing a short message. */
  readonly #hasher = new Blake3Hasher();

  digest(parts: readonly Uint8Array[]): Uint8Array {
    const [first] = parts;
    if (parts.length === 1 && first !== undefined) return blake3(asBuffer(first));
    this.#hasher.reset();
    for (const part of parts) this.#hasher.update(asBuffer(part));
    return this.#hasher.digestBuffer();
  }

  crc32c(bytes: Uint8Array): number {
    return CRC32C.buf(bytes) >>> 0;
  }
}

/** The same memory, as the type that the package asks for. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
