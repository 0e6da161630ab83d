import { expect, test } from 'vitest';
import { Block, blocksOf, ZERO_BLOCK } from '../../../emulator/simulation/block.js';
import { ALIEN, markedBlocks } from '../../../emulator/simulation/marked-blocks.js';

test('a block bears its mark at its own place alone, zeroes at every place', () => {
  const [first, second] = blocksOf(markedBlocks(3, 2, 77));
  expect([first?.markAt(3), first?.markAt(4), first?.markAt(3), second?.markAt(4)]).toEqual([77, ALIEN, 77, 77]);
  expect([ZERO_BLOCK.markAt(3), ZERO_BLOCK.markAt(4)]).toEqual([0, 0]);
});

test('blocks that hold the same have one hash, and zeroes that were written have that of zeroes', () => {
  const [one, same, other] = [77, 77, 78].map((mark) => new Block(markedBlocks(3, 1, mark)));
  expect([one?.hash === same?.hash, one?.hash === other?.hash, new Block(new Uint8Array(512)).hash]).toEqual([true, false, 0]);
  expect([one, same, other].map((block) => block !== undefined && one?.holdsSameAs(block))).toEqual([true, true, false]);
});
