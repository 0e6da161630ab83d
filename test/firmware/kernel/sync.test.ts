import { describe, expect, it } from 'vitest';
import { EventLoop } from '../../../firmware/kernel/event-loop.js';
import { type Pending, type Task, wait } from '../../../firmware/kernel/pending.js';
import { Gate, Semaphore, Shared, Signal } from '../../../firmware/kernel/sync.js';
import { BenchClock, launch, run, settle } from '../support/tasks.js';

function newLoop(): EventLoop {
  return new EventLoop(new BenchClock(), () => undefined);
}

describe('a semaphore', () => {
  it('lets as many in as it has, and the others in the order in which they came', () => {
    const loop = newLoop();
    const semaphore = new Semaphore(loop, 2);
    const tasks = [0, 1, 2, 3].map(() => launch(loop, semaphore.acquire()));
    expect(tasks.map((task) => task.ended)).toEqual([true, true, false, false]);
    semaphore.release();
    settle(loop);
    expect(tasks.map((task) => task.ended)).toEqual([true, true, true, false]);
    semaphore.release();
    settle(loop);
    expect(tasks[3]?.ended).toBe(true);
    expect(semaphore.available).toBe(0);
  });

  it('hands what is released to who waits, and not to who comes just then', () => {
    const loop = newLoop();
    const semaphore = new Semaphore(loop, 1);
    run(loop, semaphore.acquire());
    const waiting = launch(loop, semaphore.acquire());
    semaphore.release();
    const late = launch(loop, semaphore.acquire());
    settle(loop);
    expect([waiting.ended, late.ended]).toEqual([true, false]);
  });
});

describe('a signal', () => {
  it('lets all go on that wait, and none that come later', () => {
    const loop = newLoop();
    const signal = new Signal(loop);
    const before = [launch(loop, signal.next()), launch(loop, signal.next())];
    signal.signal();
    const after = launch(loop, signal.next());
    settle(loop);
    expect([...before, after].map((task) => task.ended)).toEqual([true, true, false]);
  });

  it('is waited for no longer than one wants', () => {
    const clock = new BenchClock();
    const loop = new EventLoop(clock, () => undefined);
    const signal = new Signal(loop);
    const patient = launch(loop, signal.nextWithin(clock, 100));
    const impatient = launch(loop, signal.nextWithin(clock, 10));
    clock.advance(10);
    settle(loop);
    expect([patient.ended, impatient.ended]).toEqual([false, true]);
    signal.signal();
    settle(loop);
    expect(patient.ended).toBe(true);
    // The timer of who was signalled must not come back.
    clock.advance(100);
    settle(loop);
    expect(() => { signal.signal(); }).not.toThrow();
  });
});

describe('a gate', () => {
  it('is closed when all inside have left', () => {
    const loop = newLoop();
    const gate = new Gate(loop);
    run(loop, gate.enter());
    run(loop, gate.enter());
    const closing = launch(loop, gate.close());
    gate.leave();
    settle(loop);
    expect([closing.ended, gate.inside]).toEqual([false, 1]);
    gate.leave();
    settle(loop);
    expect(closing.ended).toBe(true);
  });

  it('lets nobody in from the moment it is closing', () => {
    const loop = newLoop();
    const gate = new Gate(loop);
    run(loop, gate.enter());
    const closing = launch(loop, gate.close());
    const late = launch(loop, gate.enter());
    gate.leave();
    settle(loop);
    expect([closing.ended, late.ended, gate.inside]).toEqual([true, false, 0]);
    gate.open();
    settle(loop);
    expect([late.ended, gate.inside]).toEqual([true, 1]);
  });

  it('that is closed again at once lets nobody slip in', () => {
    const loop = newLoop();
    const gate = new Gate(loop);
    run(loop, gate.close());
    const entering = launch(loop, gate.enter());
    gate.open();
    const closing = launch(loop, gate.close());
    settle(loop);
    expect([closing.ended, entering.ended, gate.inside]).toEqual([true, false, 0]);
  });

  it('stays closed until all who closed it have opened it', () => {
    const loop = newLoop();
    const gate = new Gate(loop);
    run(loop, gate.close());
    run(loop, gate.close());
    const entering = launch(loop, gate.enter());
    gate.open();
    settle(loop);
    expect(entering.ended).toBe(false);
    gate.open();
    settle(loop);
    expect(entering.ended).toBe(true);
  });
});

describe('a shared action', () => {
  /** An action whose runs a test ends one by one. */
  function stepped(loop: EventLoop): { readonly shared: Shared; readonly runs: Pending<void>[] } {
    const runs: Pending<void>[] = [];
    const shared = new Shared(loop, function* (): Task {
      const pending = loop.pending<void>();
      runs.push(pending);
      yield* wait(pending);
    });
    return { shared, runs };
  }

  it('starts anew for who asks while it runs, once for all of them', () => {
    const loop = newLoop();
    const { shared, runs } = stepped(loop);
    const first = launch(loop, shared.run());
    const second = launch(loop, shared.run());
    const third = launch(loop, shared.run());
    runs[0]?.succeed();
    settle(loop);
    expect([first.ended, second.ended, third.ended]).toEqual([true, false, false]);
    expect(runs).toHaveLength(2);
    runs[1]?.succeed();
    settle(loop);
    expect([second.ended, third.ended]).toEqual([true, true]);
    expect(runs).toHaveLength(2);
  });

  it('fails for all who shared the run that failed, and for no one else', () => {
    const loop = newLoop();
    const { shared, runs } = stepped(loop);
    const first = launch(loop, shared.run());
    const second = launch(loop, shared.run());
    runs[0]?.fail({ part: 'disk', kind: 'io', text: 'flush failed' });
    settle(loop);
    runs[1]?.succeed();
    settle(loop);
    expect(() => { first.result(); }).toThrow('flush failed');
    expect(() => { second.result(); }).not.toThrow();
  });

  it('can be asked again after it was idle', () => {
    const loop = newLoop();
    const { shared, runs } = stepped(loop);
    const first = launch(loop, shared.run());
    runs[0]?.succeed();
    settle(loop);
    const second = launch(loop, shared.run());
    runs[1]?.succeed();
    settle(loop);
    expect([first.ended, second.ended]).toEqual([true, true]);
  });
});
