import { expect, test } from 'vitest';
import { copyOf } from '../../../emulator/simulation/slab.js';

test('copies are of what was there, one part behind the other, and apart from each other', () => {
  const [one, other] = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)];
  const copies = [copyOf(one, other), copyOf(other), copyOf(), copyOf(one)];
  one.fill(9);
  other.fill(9);
  copies[1]?.fill(7);
  expect(copies.map((copy) => [...copy])).toEqual([[1, 2, 3, 4, 5], [7, 7], [], [1, 2, 3]]);
});

test('a copy begins where words do, and has room however large it is', () => {
  const copies = [3, 512, 40_000, 5, 60_000, 200_000].flatMap((lengthBytes) => Array.from({ length: 3 }, (_, index) => copyOf(new Uint8Array(lengthBytes).fill(lengthBytes + index))));
  for (const copy of copies) expect(copy.byteOffset % 8).toBe(0);
  expect(copies.every((copy, index) => copy.every((byte) => byte === ((copy.length + (index % 3)) & 0xff)))).toBe(true);
});
