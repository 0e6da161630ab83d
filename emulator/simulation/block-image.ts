import { BLOCK_BYTES } from '../../firmware/limits.js';
import type { Fingerprint } from './fingerprint.js';

const WORDS_A_BLOCK = BLOCK_BYTES / 4;
const ZEROES = new Uint8Array(BLOCK_BYTES);

/**
 * The content of a disk, in blocks that are never changed in place. Each block's hash is kept beside it, so that two disks are compared without reading them.
 */
export class BlockImage {
  #blocks: (Uint8Array | undefined)[];
  /** 0 for zeroes. Two contents share a hash by chance once in 2^32 comparisons. */
  #hashes: Uint32Array;

  constructor(blocks: number) {
    this.#blocks = new Array<Uint8Array | undefined>(blocks);
    this.#hashes = new Uint32Array(blocks);
  }

  get(block: number): Uint8Array {
    return this.#blocks[block] ?? ZEROES;
  }

  hash(block: number): number {
    return this.#hashes[block] ?? 0;
  }

  copy(): BlockImage {
    const copy = new BlockImage(0);
    copy.#blocks = this.#blocks.slice();
    copy.#hashes = this.#hashes.slice();
    return copy;
  }

  addTo(fingerprint: Fingerprint): void {
    fingerprint.addWords(this.#hashes);
  }

  /** @param bytes whole, and not changed afterwards. */
  set(block: number, bytes: Uint8Array): void {
    this.#blocks[block] = bytes;
    this.#hashes[block] = hashOfBlock(bytes);
  }
}

/** 0 for zeroes, and for nothing else but by chance. */
export function hashOfBlock(bytes: Uint8Array): number {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, WORDS_A_BLOCK);
  let hash = 0;
  for (let i = 0; i < WORDS_A_BLOCK; i += 1) hash = Math.imul(hash ^ (words[i] ?? 0), 0x9e3779b1) ^ (hash >>> 15);
  return hash >>> 0;
}
