import { describe, expect, it } from 'vitest';
import { DriveLoop } from '../../emulator/drive-loop.js';
import { STEP_BATCH } from '../../emulator/limits.js';
import { until } from './support.js';

describe('the drive loop', () => {
  it('steps when it is woken, but not inside the call that woke it', async () => {
    let steps = 0;
    const drive = new DriveLoop(() => { steps += 1; return false; }, () => undefined);
    drive.wake();
    drive.wake();
    expect(steps).toBe(0);
    await Promise.resolve();
    expect(steps).toBe(1);
  });

  it('goes on while there is more, in bounded batches, and lets timers in between', async () => {
    let left = 100;
    let timerAt: number | undefined;
    const limits = new Set<number>();
    const drive = new DriveLoop((limit) => {
      limits.add(limit);
      left -= 1;
      return left > 0;
    }, () => undefined);
    setTimeout(() => { timerAt = left; }, 0);
    drive.wake();
    const blockMs = performance.now() + 2;
    while (performance.now() < blockMs);
    await until(() => left === 0);
    expect(limits).toEqual(new Set([STEP_BATCH]));
    expect(timerAt).toBeGreaterThan(0);
  });

  it('is not woken by what happens while it steps, and is afterwards', async () => {
    let steps = 0;
    const drive = new DriveLoop(() => {
      steps += 1;
      if (steps === 1) drive.wake();
      return false;
    }, () => undefined);
    drive.wake();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(steps).toBe(1);
    drive.wake();
    await Promise.resolve();
    expect(steps).toBe(2);
  });

  it('reports a fault once, and steps no more', async () => {
    const faults: Error[] = [];
    let steps = 0;
    const drive = new DriveLoop(
      () => {
        steps += 1;
        throw new Error('broken');
      },
      (error) => faults.push(error),
    );
    drive.wake();
    await Promise.resolve();
    drive.wake();
    await new Promise((resolve) => setImmediate(resolve));
    expect(faults.map((error) => error.message)).toEqual(['broken']);
    expect(steps).toBe(1);
    expect(drive.stopped).toBe(true);
  });

  it('steps no more once it is stopped, woken before or after', async () => {
    let steps = 0;
    const drive = new DriveLoop(() => { steps += 1; return false; }, () => undefined);
    drive.wake();
    drive.stop();
    await new Promise((resolve) => setImmediate(resolve));
    drive.wake();
    await new Promise((resolve) => setImmediate(resolve));
    expect(steps).toBe(0);
  });
});
