import { BLOCK_BYTES } from '../../firmware/limits.js';

/*
 * What the simulated hosts write: each block bears the number of the write that it is from, its mark, and its own
 * place on the volume. So any block on any disk tells what it is. 0 is the mark of zeroes.
 */

/** The mark of a block that no host wrote so. */
export const ALIEN = -1;

const WORDS_A_BLOCK = BLOCK_BYTES / 4;

/** The blocks of one write. */
export function markedBlocks(firstBlock: number, blocks: number, mark: number): Uint8Array {
  const words = new Uint32Array(blocks * WORDS_A_BLOCK);
  for (let i = 0; i < blocks; i += 1) {
    const block = firstBlock + i;
    words.fill(patternOf(block, mark), i * WORDS_A_BLOCK, (i + 1) * WORDS_A_BLOCK);
    words[i * WORDS_A_BLOCK] = mark;
    words[i * WORDS_A_BLOCK + 1] = block;
  }
  return new Uint8Array(words.buffer);
}

/** The mark that a block at this place bears; {@link ALIEN} for anything that is not a whole block of one write. */
export function markOf(bytes: Uint8Array, block: number): number {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, WORDS_A_BLOCK);
  const mark = words[0] ?? 0;
  if (mark === 0) return words.every((word) => word === 0) ? 0 : ALIEN;
  if (words[1] !== block) return ALIEN;
  const pattern = patternOf(block, mark);
  for (let i = 2; i < WORDS_A_BLOCK; i += 1) if (words[i] !== pattern) return ALIEN;
  return mark;
}

function patternOf(block: number, mark: number): number {
  return (Math.imul(block + 1, 0x9e3779b1) ^ Math.imul(mark, 0x85ebca6b)) >>> 0;
}
