import { describe, expect, test } from 'vitest';
import { MAX_INTENT_GRAINS } from '../../../firmware/limits.js';
import type { GrainRange } from '../../../firmware/metadata/grain-map.js';
import { Tracking, type WriteMark } from '../../../firmware/metadata/tracking.js';
import { bootCore, formattedBoard, type TestBoard } from '../support/board.js';
import { launch, run, settle } from '../support/tasks.js';

interface Bench {
  readonly board: TestBoard;
  readonly tracking: Tracking;
  readonly loop: ReturnType<typeof bootCore>['loop'];
  before(first: number, grains: number, mirroring: boolean): WriteMark;
}

function bench(geometry = { sizeBytes: 32 * 1024 * 1024, grainBytes: 4096, nvramBytes: 64 * 1024, storeBytes: 256 * 1024 }): Bench {
  const board = formattedBoard(geometry);
  const { loop, state } = bootCore(board);
  const tracking = new Tracking(loop, state.dirty);
  return { board, tracking, loop, before: (first, grains, mirroring) => run(loop, tracking.before({ first, grains }, () => mirroring)) };
}

const range = (first: number, grains = 1): GrainRange => ({ first, grains });

test('a write that is only tracked is out-of-sync', () => {
  const { tracking, before } = bench();
  expect(before(3, 2, false)).toEqual([]);
  expect([tracking.outOfSyncCount, tracking.intentCount, tracking.isOutOfSync(3), tracking.nextOutOfSync(0)]).toEqual([2, 0, true, 3]);
});

test('a mirrored write holds an intent, which counts apart', () => {
  const { tracking, before } = bench();
  const mark = before(3, 2, true);
  expect([mark.length, tracking.outOfSyncCount, tracking.intentCount, tracking.nextOutOfSync(0)]).toEqual([2, 0, 2, tracking.dirty.grains]);
  tracking.after(range(3, 2), mark, true);
  expect([tracking.intentCount, tracking.dirty.has(3)]).toEqual([2, true]);
});

test('a mirrored write to a grain that is out-of-sync leaves it so', () => {
  const { tracking, before } = bench();
  before(3, 1, false);
  const mark = before(2, 3, true);
  tracking.after(range(2, 3), mark, true);
  expect([mark.length, tracking.outOfSyncCount, tracking.intentCount, tracking.nextOutOfSync(0)]).toEqual([2, 1, 2, 3]);
});

describe('an intent', () => {
  test('is out-of-sync when its write was not held by both cards', () => {
    const { tracking, before } = bench();
    tracking.after(range(3), before(3, 1, true), false);
    expect([tracking.outOfSyncCount, tracking.intentCount]).toEqual([1, 0]);
  });

  test('is out-of-sync when another write to its grain was not', () => {
    const { tracking, before } = bench();
    const [one, other] = [before(3, 1, true), before(3, 1, true)];
    tracking.after(range(3), one, false);
    tracking.after(range(3), other, true);
    expect([tracking.outOfSyncCount, tracking.intentCount, tracking.sweepable()]).toEqual([1, 0, []]);
  });

  test('is out-of-sync when a write that is only tracked comes', () => {
    const { tracking, before } = bench();
    tracking.after(range(3), before(3, 1, true), true);
    before(3, 1, false);
    expect([tracking.outOfSyncCount, tracking.intentCount]).toEqual([1, 0]);
  });

  test('is out-of-sync when the secondary asks for its grain', () => {
    const { tracking, before, loop } = bench();
    tracking.after(range(3), before(3, 1, true), true);
    run(loop, tracking.merge([range(2, 5)]));
    expect([tracking.outOfSyncCount, tracking.intentCount]).toEqual([5, 0]);
  });

  test('is out-of-sync when the line is lost', () => {
    const { tracking, before } = bench();
    before(3, 4, true);
    tracking.demoteAll();
    expect([tracking.outOfSyncCount, tracking.intentCount]).toEqual([4, 0]);
  });
});

describe('a sweep', () => {
  test('clears what was complete before it, durably', () => {
    const { tracking, before, loop, board } = bench();
    tracking.after(range(3, 2), before(3, 2, true), true);
    run(loop, tracking.clearSwept(tracking.sweepable()));
    expect([tracking.dirty.count, tracking.intentCount, bootCore(board).state.dirty.count]).toEqual([0, 0, 0]);
  });

  test('leaves what is in flight', () => {
    const { tracking, before } = bench();
    tracking.after(range(3), before(3, 1, true), true);
    before(3, 1, true);
    expect(tracking.sweepable()).toEqual([]);
  });

  test('leaves what was written after it began, complete or not', () => {
    for (const complete of [true, false]) {
      const { tracking, before, loop } = bench();
      tracking.after(range(3), before(3, 1, true), true);
      const list = tracking.sweepable();
      const mark = before(3, 1, true);
      if (complete) tracking.after(range(3), mark, true);
      run(loop, tracking.clearSwept(list));
      expect([tracking.dirty.has(3), tracking.intentCount]).toEqual([true, 1]);
    }
  });

  test('leaves what a later session holds', () => {
    const { tracking, before, loop } = bench();
    tracking.after(range(3), before(3, 1, true), true);
    const list = tracking.sweepable();
    tracking.demoteAll();
    run(loop, tracking.clearSwept(list));
    expect([tracking.dirty.has(3), tracking.outOfSyncCount]).toEqual([true, 1]);
  });
});

test('copied grains are cleared, durably', () => {
  const { tracking, before, loop, board } = bench();
  before(3, 10, false);
  run(loop, tracking.clearCopied([range(3, 2), range(7)]));
  expect([tracking.outOfSyncCount, bootCore(board).state.dirty.count]).toEqual([7, 7]);
});

test('a bit that NVRAM refuses leaves the grain out-of-sync, and the write fails', () => {
  const { tracking, loop, board } = bench();
  board.power.intercept = () => ({ part: 'nvram', kind: 'io', text: 'refused' });
  const failed = launch(loop, tracking.before(range(3), () => true));
  settle(loop);
  expect(() => { failed.result(); }).toThrow('refused');
  expect([tracking.outOfSyncCount, tracking.intentCount]).toEqual([1, 0]);
});

describe('intents are bounded', () => {
  test('a write waits for a sweep, and a sweep is asked for', () => {
    const { tracking, before, loop } = bench();
    const mark = before(0, MAX_INTENT_GRAINS, true);
    tracking.after(range(0, MAX_INTENT_GRAINS), mark, true);
    let wanted = 0;
    loop.spawn('test', (function* () {
      for (;;) {
        yield* tracking.sweepWanted.next();
        wanted += 1;
      }
    })());
    const waiting = launch(loop, tracking.before(range(5000), () => true));
    settle(loop);
    expect([waiting.ended, wanted > 0]).toEqual([false, true]);
    run(loop, tracking.clearSwept(tracking.sweepable()));
    settle(loop);
    expect([waiting.result().length, tracking.intentCount]).toEqual([1, 1]);
  });

  test('a write that waits for room when the line is lost is tracked', () => {
    const { tracking, before, loop } = bench();
    before(0, MAX_INTENT_GRAINS, true);
    let mirroring = true;
    const waiting = launch(loop, tracking.before(range(5000), () => mirroring));
    settle(loop);
    mirroring = false;
    tracking.demoteAll();
    settle(loop);
    expect([waiting.result(), tracking.isOutOfSync(5000)]).toEqual([[], true]);
  });
});
