import { describe, expect, it } from 'vitest';
import { SubmissionQueue } from '../../../firmware/queues/submission-queue.js';

function filled(depth: number, entries: number): SubmissionQueue<number> {
  const queue = new SubmissionQueue<number>(depth);
  for (let i = 0; i < entries; i += 1) queue.put(i);
  return queue;
}

describe('a submission queue', () => {
  it('hands out nothing before the doorbell is rung, and no more than it tells of', () => {
    const queue = filled(4, 3);
    expect(queue.fetch()).toBeUndefined();
    expect(queue.ring(2)).toBe(true);
    expect([queue.fetch(), queue.fetch(), queue.fetch()]).toEqual([0, 1, undefined]);
    expect(queue.head).toBe(2);
  });

  it('refuses what does not fit, and has room again for what was fetched', () => {
    const queue = filled(2, 2);
    expect(queue.put(9)).toBe(false);
    queue.ring(queue.tail);
    expect(queue.put(9)).toBe(false);
    expect(queue.fetch()).toBe(0);
    expect(queue.put(9)).toBe(true);
  });

  it('takes a doorbell that comes back to its place as once around when all slots were filled', () => {
    const queue = filled(3, 3);
    expect(queue.ring(0)).toBe(true);
    expect([queue.fetch(), queue.fetch(), queue.fetch()]).toEqual([0, 1, 2]);
  });

  it.each([3, 4, -1, 0.5])('refuses the tail %d, which names slots that were not filled, without effect', (tail) => {
    const queue = filled(4, 2);
    expect(queue.ring(tail)).toBe(false);
    expect([queue.doorbell, queue.fetch()]).toEqual([0, undefined]);
    expect(queue.ring(2)).toBe(true);
  });

  it('keeps order and places over many wraps', () => {
    const queue = new SubmissionQueue<number>(3);
    for (let i = 0; i < 20; i += 1) {
      expect(queue.put(i)).toBe(true);
      expect(queue.ring(queue.tail)).toBe(true);
      expect(queue.doorbell).toBe((i + 1) % 3);
      expect(queue.fetch()).toBe(i);
      expect(queue.head).toBe((i + 1) % 3);
    }
  });
});
