import { describe, expect, it } from 'vitest';
import { CompletionQueue } from '../../../firmware/queues/completion-queue.js';

describe('a completion queue', () => {
  it('keeps a slot until the head doorbell is rung, not only until its entry is taken', () => {
    const queue = new CompletionQueue<string>(2);
    expect([queue.post('a'), queue.post('b'), queue.post('c')]).toEqual([true, true, false]);
    expect(queue.take()).toBe('a');
    expect(queue.post('c')).toBe(false);
    expect(queue.ring(1)).toBe(true);
    expect(queue.post('c')).toBe(true);
    expect([queue.take(), queue.take(), queue.take()]).toEqual(['b', 'c', undefined]);
  });

  it('inverts the phase each time it wraps', () => {
    const queue = new CompletionQueue<number>(3);
    const phases: boolean[] = [];
    for (let i = 0; i < 9; i += 1) {
      phases.push(queue.phase);
      queue.post(i);
      queue.take();
      queue.ring((queue.head + 1) % 3);
    }
    expect(phases).toEqual([true, true, true, false, false, false, true, true, true]);
  });

  it('inverts the phase once, not twice, when it is full at the wrap', () => {
    const queue = new CompletionQueue<number>(2);
    queue.post(1);
    queue.post(2);
    expect(queue.phase).toBe(false);
    queue.post(3);
    expect(queue.phase).toBe(false);
  });

  it.each([2, 3, -1])('refuses the head %d, which names entries that were not taken, without effect', (head) => {
    const queue = new CompletionQueue<number>(3);
    queue.post(1);
    queue.post(2);
    queue.take();
    expect(queue.ring(head)).toBe(false);
    expect(queue.head).toBe(0);
    expect(queue.ring(1)).toBe(true);
  });

  it('is free again as a whole when the doorbell goes once around', () => {
    const queue = new CompletionQueue<number>(2);
    queue.post(1);
    queue.post(2);
    queue.take();
    queue.take();
    expect(queue.ring(0)).toBe(true);
    expect([queue.full, queue.post(3), queue.post(4)]).toEqual([false, true, true]);
  });
});
