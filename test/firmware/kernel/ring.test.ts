import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ring } from '../../../firmware/kernel/ring.js';

describe('a ring', () => {
  it('refuses what does not fit, and keeps the rest', () => {
    const ring = new Ring<number>(2);
    expect([ring.push(1), ring.push(2), ring.push(3)]).toEqual([true, true, false]);
    expect([ring.shift(), ring.shift(), ring.shift()]).toEqual([1, 2, undefined]);
  });

  it('gives back what went in, in order, over many wraps', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 100 }), (capacity, pushes) => {
        const ring = new Ring<number>(capacity);
        const model: number[] = [];
        pushes.forEach((push, i) => {
          if (push) {
            expect(ring.push(i)).toBe(model.length < capacity);
            if (model.length < capacity) model.push(i);
          } else {
            expect(ring.shift()).toBe(model.shift());
          }
          expect(ring.count).toBe(model.length);
        });
      }),
    );
  });
});
