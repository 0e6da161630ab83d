import { describe, expect, it } from 'vitest';
import { WallClock } from '../../../emulator/parts/wall-clock.js';
import { settled } from '../support.js';

describe('the wall clock', () => {
  it('completes timers in the order of their delays, and never goes back', async () => {
    const clock = new WallClock();
    const before = clock.nowMs();
    const order: number[] = [];
    await Promise.all([20, 1].map((delayMs) => settled<void>((done) => clock.after(delayMs, done)).then(() => order.push(delayMs))));
    expect(order).toEqual([1, 20]);
    expect(clock.nowMs()).toBeGreaterThanOrEqual(before);
  });

  it('completes neither a cancelled timer nor any after it is closed', async () => {
    const clock = new WallClock();
    let completed = 0;
    const done = { succeed: () => { completed += 1; }, fail: () => undefined };
    clock.after(1, done).cancel();
    clock.after(1, done);
    // Beyond what Node's timers know: it must not come at once.
    const far = clock.after(2 ** 40, done);
    clock.close();
    clock.after(2 ** 40, done);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(completed).toBe(0);
    far.cancel();
    clock.close();
  });
});
