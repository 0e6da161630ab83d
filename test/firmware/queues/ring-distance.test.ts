import { describe, expect, it } from 'vitest';
import { entriesMoved } from '../../../firmware/queues/ring-distance.js';

describe('how far a doorbell moves', () => {
  it.each([
    ['ahead', 1, 3, 2],
    ['over the wrap', 3, 1, 2],
    ['not at all', 2, 2, 0],
  ])('%s', (_name, from, to, entries) => {
    expect(entriesMoved(from, to, 4, 3)).toBe(entries);
  });

  it('once around, when the whole ring is there to be moved over', () => {
    expect(entriesMoved(2, 2, 4, 4)).toBe(4);
  });

  it.each([
    ['beyond what is there', 3, 1],
    ['backwards', 0, 2],
    ['outside the ring', 4, 3],
    ['below zero', -1, 3],
    ['between two slots', 1.5, 3],
  ])('is refused %s', (_name, to, most) => {
    expect(entriesMoved(1, to, 4, most)).toBeUndefined();
  });
});
