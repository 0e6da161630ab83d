import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventLoop } from '../../../firmware/kernel/event-loop.js';
import { type RangeLockHandle, RangeLocks } from '../../../firmware/kernel/range-lock.js';
import { BenchClock, launch, settle } from '../support/tasks.js';

function newLoop(): EventLoop {
  return new EventLoop(new BenchClock(), () => undefined);
}

describe('range locks', () => {
  it('let ranges that only touch be held at once', () => {
    const loop = newLoop();
    const locks = new RangeLocks(loop);
    expect(launch(loop, locks.acquire(0, 10)).ended).toBe(true);
    expect(launch(loop, locks.acquire(10, 20)).ended).toBe(true);
  });

  it('make who overlaps wait behind who waits, in the order in which they came (rule 10)', () => {
    const loop = newLoop();
    const locks = new RangeLocks(loop);
    const holder = launch(loop, locks.acquire(0, 10));
    const wide = launch(loop, locks.acquire(5, 30));
    // Nobody holds 20 to 30, but the one before wants it.
    const narrow = launch(loop, locks.acquire(20, 30));
    expect([wide.ended, narrow.ended]).toEqual([false, false]);
    locks.release(holder.result());
    settle(loop);
    expect([wide.ended, narrow.ended]).toEqual([true, false]);
    locks.release(wide.result());
    settle(loop);
    expect(narrow.ended).toBe(true);
  });

  it('refuse to be released twice', () => {
    const loop = newLoop();
    const locks = new RangeLocks(loop);
    const lock = launch(loop, locks.acquire(0, 1)).result();
    locks.release(lock);
    expect(() => { locks.release(lock); }).toThrow('released twice');
  });

  it('behave as the naive model: held is who overlaps nobody before', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.record({ kind: fc.constant('acquire' as const), start: fc.nat(20), length: fc.integer({ min: 1, max: 8 }) }) },
        { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat() }) },
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (script) => {
        const loop = newLoop();
        const locks = new RangeLocks(loop);
        const asked: { readonly start: number; readonly end: number; readonly task: { readonly ended: boolean; result(): RangeLockHandle } }[] = [];
        for (const step of script) {
          if (step.kind === 'acquire') {
            const end = step.start + step.length;
            asked.push({ start: step.start, end, task: launch(loop, locks.acquire(step.start, end)) });
          } else {
            const held = asked.filter(({ task }) => task.ended);
            const chosen = held[step.which % held.length];
            if (chosen === undefined) continue;
            locks.release(chosen.task.result());
            asked.splice(asked.indexOf(chosen), 1);
          }
          settle(loop);
          const model = asked.map((one, i) => asked.slice(0, i).every((other) => other.end <= one.start || one.end <= other.start));
          expect(asked.map(({ task }) => task.ended)).toEqual(model);
          expect(locks.count).toBe(asked.length);
        }
      }),
    );
  });
});
