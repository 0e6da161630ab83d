import { BLOCK_BYTES } from '../../firmware/limits.js';
import { Fingerprint } from './fingerprint.js';

const WORDS_A_BLOCK = BLOCK_BYTES / 4;
/** A block that was never written, or zeroed. */
export const ZERO_BLOCK = new Uint8Array(BLOCK_BYTES);

/**
 * The content of a disk, in blocks that are never changed in place. Each block's hash is kept beside it, so that two
 * disks are compared without reading them.
 */
export class BlockImage {
  readonly #blocks: (Uint8Array | undefined)[];
  /** 0 for zeroes. Two contents share a hash by chance once in 2^32 comparisons. */
  readonly #hashes: Uint32Array;
  readonly #fingerprint = new Fingerprint();

  constructor(blocks: number) {
    this.#blocks = new Array<Uint8Array | undefined>(blocks).fill(undefined);
    this.#hashes = new Uint32Array(blocks);
  }

  get(block: number): Uint8Array {
    return this.#blocks[block] ?? ZERO_BLOCK;
  }

  hash(block: number): number {
    return this.#hashes[block] ?? 0;
  }

  /** @param bytes whole, and not changed afterwards. */
  set(block: number, bytes: Uint8Array): void {
    this.#fingerprint.toggle(block, this.hash(block));
    this.#blocks[block] = bytes;
    this.#hashes[block] = hashOfBlock(bytes);
    this.#fingerprint.toggle(block, this.hash(block));
  }

  /** @param other of the same size. */
  copyFrom(other: BlockImage): void {
    for (let block = 0; block < this.#blocks.length; block += 1) this.#blocks[block] = other.#blocks[block];
    this.#hashes.set(other.#hashes);
    this.#fingerprint.copyFrom(other.#fingerprint);
  }

  /** @param part of the whole, 0 to 31. */
  addTo(fingerprint: Fingerprint, part: number): void {
    fingerprint.toggleAll(this.#fingerprint, part);
  }
}

/** 0 for zeroes, and for nothing else but by chance. */
export function hashOfBlock(bytes: Uint8Array): number {
  return hashOfWords(new Uint32Array(bytes.buffer, bytes.byteOffset, WORDS_A_BLOCK), 0, WORDS_A_BLOCK);
}

/** Of some of these words: 0 for zeroes. */
export function hashOfWords(words: Uint32Array, first: number, count: number): number {
  let hash = 0;
  for (let i = first; i < first + count; i += 1) hash = Math.imul(hash ^ (words[i] ?? 0), 0x9e3779b1) ^ (hash >>> 15);
  return hash >>> 0;
}
