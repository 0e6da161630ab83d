import { BLOCK_BYTES } from '../../firmware/limits.js';
import { hashOfBytes } from './fingerprint.js';
import { markOf } from './marked-blocks.js';

const NOWHERE = -1;

/** What a block of a disk holds. It is never changed in place, so what is to be known of it is worked out once. */
export class Block {
  #hash = -1;
  #mark = 0;
  #markedPlace = NOWHERE;

  /** @param bytes whole, and not changed afterwards. */
  constructor(readonly bytes: Uint8Array) {}

  /** 0 for zeroes. Two contents share a hash by chance once in 2^32 comparisons. */
  get hash(): number {
    if (this.#hash < 0) this.#hash = hashOfBytes(this.bytes);
    return this.#hash;
  }

  /** The mark that it bears at this place of a volume. */
  markAt(place: number): number {
    if (this === ZERO_BLOCK) return 0;
    if (this.#markedPlace !== place) {
      this.#mark = markOf(this.bytes, place);
      this.#markedPlace = place;
    }
    return this.#mark;
  }

  holdsSameAs(other: Block): boolean {
    return this === other || (this.hash === other.hash && Buffer.compare(this.bytes, other.bytes) === 0);
  }
}

/** A block that was never written, or zeroed. */
export const ZERO_BLOCK = new Block(new Uint8Array(BLOCK_BYTES));

/** @param bytes of whole blocks, not changed afterwards. */
export function blocksOf(bytes: Uint8Array): Block[] {
  return Array.from({ length: bytes.length / BLOCK_BYTES }, (_, index) => new Block(bytes.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES)));
}
