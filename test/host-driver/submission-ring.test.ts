import { describe, expect, it } from 'vitest';
import { SubmissionRing } from '../../host-driver/submission-ring.js';

function ringWith(submitted: number, depth = 4): SubmissionRing {
  const ring = new SubmissionRing(depth);
  for (let entry = 0; entry < submitted; entry += 1) ring.submit();
  return ring;
}

describe('SubmissionRing', () => {
  it('moves the tail with each submission, and wraps', () => {
    const ring = ringWith(4);
    expect(ring.tail).toBe(0);
    expect(ring.used).toBe(4);
  });

  it('moves the head to where the card says it has consumed', () => {
    const ring = ringWith(3);
    expect(ring.consumedTo(2, 2)).toBe(true);
    expect([ring.head, ring.used]).toEqual([2, 1]);
  });

  it('takes the head of a full ring that has not moved as a whole round', () => {
    const ring = ringWith(4);
    expect(ring.consumedTo(0, 3)).toBe(true);
    expect(ring.used).toBe(0);
  });

  it('goes on over many rounds', () => {
    const ring = new SubmissionRing(3);
    for (let entry = 0; entry < 20; entry += 1) {
      ring.submit();
      expect(ring.consumedTo((entry + 1) % 3, 0)).toBe(true);
    }
    expect(ring.used).toBe(0);
  });

  it.each([
    ['beyond the tail', 3],
    ['beyond the ring', 4],
    ['far beyond', 2 ** 32 - 1],
  ])('does not believe a head %s, and still counts what must have been consumed', (_what, head) => {
    const ring = ringWith(2);
    expect(ring.consumedTo(head, 1)).toBe(false);
    expect([ring.head, ring.used]).toEqual([1, 1]);
  });

  it('does not let itself be overrun', () => {
    const ring = ringWith(4);
    expect(() => { ring.submit(); }).toThrow('overrun');
  });
});
