import { describe, expect, it } from 'vitest';
import { randomNumbers } from '../../../../emulator/cli/demo/random-numbers.js';
import { writePattern } from '../../../../emulator/cli/demo/write-pattern.js';

const BLOCK = 4096;
const MIB = 1024 * 1024;
const WRITES = 5000;

function ranges(volumeBytes: number, filledBytes: number, seed = 1): { firstBlock: number; blocks: number }[] {
  const next = writePattern(volumeBytes, filledBytes, randomNumbers(seed));
  return Array.from({ length: WRITES }, next);
}

describe('the pattern of the host\'s writes', () => {
  it.each([
    ['a volume partly filled', 64 * MIB, 40 * MIB],
    ['a volume filled wholly', 16 * MIB, 16 * MIB],
    ['a volume with one block of data', 16 * MIB, BLOCK],
  ])('stays on %s, with writes of 4 to 64 KiB', (_name, volumeBytes, filledBytes) => {
    for (const { firstBlock, blocks } of ranges(volumeBytes, filledBytes)) {
      expect(firstBlock).toBeGreaterThanOrEqual(0);
      expect(blocks).toBeGreaterThanOrEqual(1);
      expect(blocks).toBeLessThanOrEqual(16);
      expect((firstBlock + blocks) * BLOCK).toBeLessThanOrEqual(volumeBytes);
    }
  });

  it('leaves most of the free space unwritten, and most of the data as it is', () => {
    const touched = new Set<number>();
    for (const { firstBlock, blocks } of ranges(512 * MIB, 256 * MIB)) {
      for (let block = firstBlock; block < firstBlock + blocks; block += 1) touched.add(block);
    }
    const free = [...touched].filter((block) => block >= 256 * MIB / BLOCK);
    expect(free.length).toBeGreaterThan(0);
    expect(free.length * BLOCK).toBeLessThan(64 * MIB);
    expect(touched.size * BLOCK).toBeLessThan(64 * MIB);
  });

  it('is the same for the same seed, and another for another', () => {
    expect(ranges(64 * MIB, 40 * MIB, 7)).toEqual(ranges(64 * MIB, 40 * MIB, 7));
    expect(ranges(64 * MIB, 40 * MIB, 7)).not.toEqual(ranges(64 * MIB, 40 * MIB, 8));
  });
});
