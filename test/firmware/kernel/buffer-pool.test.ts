import { heapMemory } from '../../../emulator/parts/heap-memory.js';
import { describe, expect, it } from 'vitest';
import { BufferPool } from '../../../firmware/kernel/buffer-pool.js';
import { EventLoop } from '../../../firmware/kernel/event-loop.js';
import { BenchClock, launch, run, settle } from '../support/tasks.js';

function newLoop(): EventLoop {
  return new EventLoop(new BenchClock(), () => undefined);
}

describe('a buffer pool', () => {
  it('gives out each of its buffers once, and makes who finds none wait', () => {
    const loop = newLoop();
    const pool = new BufferPool(loop, heapMemory, 2, 16);
    const first = run(loop, pool.acquire());
    const second = run(loop, pool.acquire());
    expect(first).not.toBe(second);
    expect([first.length, second.length]).toEqual([16, 16]);
    const third = launch(loop, pool.acquire());
    expect(third.ended).toBe(false);
    pool.release(second);
    settle(loop);
    expect(third.result()).toBe(second);
  });

  it('refuses a buffer too many', () => {
    const loop = newLoop();
    const pool = new BufferPool(loop, heapMemory, 1, 16);
    const buffer = run(loop, pool.acquire());
    pool.release(buffer);
    expect(() => { pool.release(buffer); }).toThrow('came back twice');
  });
});
