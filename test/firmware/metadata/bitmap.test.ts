import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bitmap } from '../../../firmware/metadata/bitmap.js';

function blank(bits: number): Bitmap {
  return new Bitmap(new Uint8Array(Math.ceil(bits / 512) * 64), bits);
}

interface Change { readonly kind: 'set' | 'clear' | 'setRange' | 'clearRange'; readonly first: number; readonly bits: number }

/** Changes of a map of `bits` bits, some over the ends of its words. */
function changes(bits: number): fc.Arbitrary<Change[]> {
  return fc.array(
    fc.record({ kind: fc.constantFrom('set', 'clear', 'setRange', 'clearRange'), first: fc.nat(bits - 1), bits: fc.nat(100) })
      .map((change) => ({ ...change, bits: Math.min(change.bits, bits - change.first) })),
    { maxLength: 30 },
  );
}

function apply(map: Bitmap, model: Set<number>, { kind, first, bits }: Change): void {
  switch (kind) {
    case 'set':
      map.set(first);
      model.add(first);
      return;
    case 'clear':
      map.clear(first);
      model.delete(first);
      return;
    case 'setRange':
      map.setRange(first, bits);
      for (let bit = first; bit < first + bits; bit += 1) model.add(bit);
      return;
    case 'clearRange':
      map.clearRange(first, bits);
      for (let bit = first; bit < first + bits; bit += 1) model.delete(bit);
  }
}

describe('a bitmap', () => {
  test.each([1, 31, 32, 33, 512, 700])('of %i bits behaves as a set of numbers', (bits) => {
    fc.assert(fc.property(changes(bits), fc.nat(bits), (steps, from) => {
      const map = blank(bits);
      const model = new Set<number>();
      for (const step of steps) apply(map, model, step);
      expect(map.count).toBe(model.size);
      for (let bit = 0; bit < bits; bit += 1) expect(map.has(bit)).toBe(model.has(bit));
      const all = Array.from({ length: bits }, (_, bit) => bit).filter((bit) => bit >= from);
      expect(map.nextSet(from)).toBe(all.find((bit) => model.has(bit)) ?? bits);
      expect(map.nextClear(from)).toBe(all.find((bit) => !model.has(bit)) ?? bits);
    }), { numRuns: 60 });
  });

  test('counts what its memory holds already, and takes no bit past its end for one', () => {
    const bytes = new Uint8Array(64).fill(0xff);
    const map = new Bitmap(bytes, 100);
    expect([map.count, map.nextClear(0), map.nextSet(99), map.nextSet(100)]).toEqual([100, 100, 99, 100]);
    expect(bytes[13]).toBe(0);
  });

  test('works in the memory that it was given, wherever that stands', () => {
    const bytes = new Uint8Array(192);
    new Bitmap(bytes.subarray(64, 128), 512).set(9);
    expect([bytes[64], bytes[65], bytes.reduce((sum, byte) => sum + byte, 0)]).toEqual([0, 2, 2]);
  });

  test('takes over another of the same length', () => {
    const [one, other] = [blank(700), blank(700)];
    one.setRange(5, 600);
    other.set(699);
    other.copyFrom(one);
    expect([other.count, other.nextSet(0), other.has(699)]).toEqual([600, 5, false]);
  });
});
