import { CHECK_BLOCK_BYTES } from './settings.js';

const WORDS = CHECK_BLOCK_BYTES / 4;
const BLOCK_AT = 0;
const VERSION_AT = 4;

/**
 * What the host writes: each block says which one it is and for the how-manieth time it is written, and the
 * rest of it follows from these. So whoever reads a block can tell what it should be, and a block of another
 * place or time, or one mixed of two writes, is found.
 * @param into whole blocks, aligned to 4 bytes.
 */
export function fillBlock(into: Uint8Array, block: number, version: number): void {
  const words = new Uint32Array(into.buffer, into.byteOffset, WORDS);
  let state = (Math.imul(block + 1, 0x9e3779b1) ^ Math.imul(version, 0x85ebca6b)) >>> 0 || 1;
  for (let i = 0; i < WORDS; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  const view = new DataView(into.buffer, into.byteOffset);
  view.setUint32(BLOCK_AT, block);
  view.setUint32(VERSION_AT, version);
}

/** Which version of `block` this would be, if the host wrote it; whether it is, {@link fillBlock} tells. */
export function claimedVersion(content: Uint8Array): number {
  return new DataView(content.buffer, content.byteOffset).getUint32(VERSION_AT);
}
