import { describe, expect, it } from 'vitest';
import { EventLoop, FirmwareFault } from '../../../firmware/kernel/event-loop.js';
import { PartError, type Pending, type Task, wait, waitAll } from '../../../firmware/kernel/pending.js';
import { MAX_TASKS } from '../../../firmware/limits.js';
import { BenchClock, launch, run, settle } from '../support/tasks.js';

function newLoop(wake: () => void = () => undefined): EventLoop {
  return new EventLoop(new BenchClock(), wake);
}

function* noting(log: string[], name: string, pending: Pending<void>): Task {
  log.push(`${name} begins`);
  yield* wait(pending);
  log.push(`${name} ends`);
}

describe('a task', () => {
  it('runs to its first yield when it is spawned', () => {
    const loop = newLoop();
    const log: string[] = [];
    loop.spawn('a', noting(log, 'a', loop.pending<void>()));
    expect(log).toEqual(['a begins']);
    expect(loop.tasks).toBe(1);
  });

  it('is never resumed by a part: only by a step of the loop', () => {
    const loop = newLoop();
    const log: string[] = [];
    const pending = loop.pending<void>();
    loop.spawn('a', noting(log, 'a', pending));
    pending.succeed();
    expect(log).toEqual(['a begins']);
    settle(loop);
    expect(log).toEqual(['a begins', 'a ends']);
    expect(loop.tasks).toBe(0);
  });

  it('is resumed in the order in which operations ended, not in which they began', () => {
    const loop = newLoop();
    const log: string[] = [];
    const first = loop.pending<void>();
    const second = loop.pending<void>();
    loop.spawn('first', noting(log, 'first', first));
    loop.spawn('second', noting(log, 'second', second));
    second.succeed();
    first.succeed();
    settle(loop);
    expect(log.slice(2)).toEqual(['second ends', 'first ends']);
  });

  it('goes on without a yield over an operation that was delivered before it waited', () => {
    const loop = newLoop();
    const pending = loop.pending<number>();
    pending.succeed(7);
    settle(loop);
    const task = launch(loop, wait(pending));
    expect(task.result()).toBe(7);
  });

  it('gets the failure of a part thrown at it, and can go on', () => {
    const loop = newLoop();
    function* cautious(): Task<string> {
      try {
        yield* loop.run<void>((done) => { done.fail({ part: 'disk', kind: 'io', text: 'bad sector' }); });
      } catch (error) {
        return error instanceof PartError ? `${error.fault.kind}: ${error.fault.text}` : 'something else';
      }
      return 'no failure';
    }
    expect(run(loop, cautious())).toBe('io: bad sector');
  });

  it('sleeps until the clock says so', () => {
    const clock = new BenchClock();
    const loop = new EventLoop(clock, () => undefined);
    const task = launch(loop, loop.sleep(10));
    clock.advance(9);
    settle(loop);
    expect(task.ended).toBe(false);
    clock.advance(1);
    settle(loop);
    expect(task.ended).toBe(true);
  });

  it('that is forked runs beside its parent, which gets its result or its error', () => {
    const loop = newLoop();
    const pending = loop.pending<number>();
    const sum = launch(loop, (function* (): Task<number> {
      const other = loop.fork('other', wait(pending));
      return 1 + (yield* wait(other));
    })());
    pending.succeed(2);
    settle(loop);
    expect(sum.result()).toBe(3);
    function* failing(): Task {
      yield* loop.run<void>((done) => { done.fail({ part: 'disk', kind: 'io', text: 'broken' }); });
    }
    expect(() => { run(loop, wait(loop.fork('failing', failing()))); }).toThrow('broken');
  });
});

describe('waiting for several operations', () => {
  it('lasts until all have ended, even when one fails: memory lent to a part is not free before', () => {
    const loop = newLoop();
    const failing = loop.pending<void>();
    const slow = loop.pending<void>();
    const task = launch(loop, waitAll([failing, slow]));
    failing.fail({ part: 'disk', kind: 'io', text: 'first failure' });
    settle(loop);
    expect(task.ended).toBe(false);
    slow.fail({ part: 'disk', kind: 'io', text: 'second failure' });
    settle(loop);
    expect(() => { task.result(); }).toThrow('first failure');
  });
});

describe('the loop', () => {
  it('refuses a completion that is settled twice', () => {
    const loop = newLoop();
    const pending = loop.pending<void>();
    pending.succeed();
    expect(() => { pending.succeed(); }).toThrow('settled twice');
    expect(() => { pending.fail({ part: 'disk', kind: 'io', text: '' }); }).toThrow('settled twice');
  });

  it('refuses to give the result of an operation that has not ended', () => {
    expect(() => { newLoop().pending<void>().take(); }).toThrow('before it was settled');
  });

  it('wakes the board when something is there to step, once', () => {
    let wakes = 0;
    const loop = newLoop(() => { wakes += 1; });
    loop.pending<void>().succeed();
    loop.pending<void>().succeed();
    expect(wakes).toBe(1);
    settle(loop);
    loop.pending<void>().succeed();
    expect(wakes).toBe(2);
  });

  it('steps no further than it is told, and says whether more is there', () => {
    const loop = newLoop();
    for (let i = 0; i < 3; i += 1) loop.pending<void>().succeed();
    expect(loop.step(2)).toBe(true);
    expect(loop.step(2)).toBe(false);
  });

  it('halts for good when an error leaves a task', () => {
    let wakes = 0;
    const loop = newLoop(() => { wakes += 1; });
    const log: string[] = [];
    const other = loop.pending<void>();
    loop.spawn('other', noting(log, 'other', other));
    loop.spawn('broken', (function* (): Task { throw new Error('a rule is broken'); })());
    expect(wakes).toBe(1);
    other.succeed();
    expect(() => loop.step(10)).toThrow(FirmwareFault);
    expect(() => loop.step(10)).toThrow(/task broken: .*a rule is broken/);
    expect(log).toEqual(['other begins']);
  });

  it('halts when two tasks wait for one operation', () => {
    const loop = newLoop();
    const pending = loop.pending<void>();
    loop.spawn('one', wait(pending));
    loop.spawn('two', wait(pending));
    expect(() => loop.step(1)).toThrow('two tasks wait for one operation');
  });

  it('starts no more tasks than its limit', () => {
    const loop = newLoop();
    for (let i = 0; i < MAX_TASKS; i += 1) loop.spawn('waiting', wait(loop.pending<void>()));
    expect(loop.hasRoom).toBe(false);
    expect(() => { loop.spawn('one more', wait(loop.pending<void>())); }).toThrow('no room');
  });
});
