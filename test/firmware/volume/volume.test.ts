import { describe, expect, test } from 'vitest';
import type { Operation } from '../../../emulator/simulation/power.js';
import type { CardCore } from '../../../firmware/core.js';
import { bootCore, formattedBoard, type TestBoard } from '../support/board.js';
import { launch, run, settle } from '../support/tasks.js';
import { fill } from '../support/contents.js';

const GRAIN = 4096;

/** A card on a disk full of junk. */
function bench(): { readonly board: TestBoard; readonly core: CardCore; readonly seen: Operation[]; read(offsetBytes: number, lengthBytes: number): Uint8Array } {
  const board = formattedBoard();
  fill(board.volume, 0, new Uint8Array(board.volume.sizeBytes).fill(0xee));
  const core = bootCore(board);
  const seen: Operation[] = [];
  board.power.intercept = (operation) => {
    seen.push(operation);
    return undefined;
  };
  return {
    board,
    core,
    seen,
    read: (offsetBytes, lengthBytes) => {
      const into = new Uint8Array(lengthBytes).fill(0x11);
      run(core.loop, core.volume.read(offsetBytes, into));
      return into;
    },
  };
}

const bytes = (lengthBytes: number, value: number): Uint8Array => new Uint8Array(lengthBytes).fill(value);

test('what was never written reads as zeroes, and the disk is not asked', () => {
  const { read, seen } = bench();
  expect(read(10 * GRAIN - 512, 3 * GRAIN)).toEqual(new Uint8Array(3 * GRAIN));
  expect(seen).toEqual([]);
});

test('a read over written and unwritten grains takes each from where it is', () => {
  const { core, read } = bench();
  run(core.loop, core.volume.write(2 * GRAIN, bytes(2 * GRAIN, 7)));
  run(core.loop, core.volume.write(6 * GRAIN, bytes(GRAIN, 8)));
  const got = read(GRAIN, 6 * GRAIN);
  expect([0, 1, 2, 3, 4, 5].map((grain) => got[grain * GRAIN + 100])).toEqual([0, 7, 7, 0, 0, 8]);
});

test('the first write of a grain zeroes what it leaves of it, and flushes before the map says so', () => {
  const { core, read, seen } = bench();
  run(core.loop, core.volume.write(GRAIN + 512, bytes(2 * GRAIN, 7)));
  const got = read(GRAIN, 3 * GRAIN);
  expect([got[0], got[511], got[512], got[511 + 2 * GRAIN], got[512 + 2 * GRAIN], got[3 * GRAIN - 1]]).toEqual([0, 0, 7, 7, 0, 0]);
  const order = seen.map(({ part, kind }) => `${part} ${kind}`);
  expect(order.indexOf('volume flush')).toBeGreaterThan(order.lastIndexOf('volume write'));
  expect(order.indexOf('volume flush')).toBeGreaterThan(order.lastIndexOf('volume zero'));
  expect(order.indexOf('nvram persist')).toBeGreaterThan(order.indexOf('volume flush'));
});

test('a later write of the grain neither zeroes nor flushes', () => {
  const { core, seen } = bench();
  run(core.loop, core.volume.write(GRAIN, bytes(GRAIN, 7)));
  seen.length = 0;
  run(core.loop, core.volume.write(GRAIN + 1024, bytes(512, 8)));
  expect(seen.map(({ kind }) => kind)).toEqual(['write']);
});

test('the last, short grain is treated as the others', () => {
  const board = formattedBoard({ sizeBytes: 1024 * 1024 + 4096, grainBytes: 65536, nvramBytes: 65536, storeBytes: 262144 });
  const core = bootCore(board);
  run(core.loop, core.volume.write(1024 * 1024 + 1024, bytes(512, 7)));
  const { volume } = core;
  expect([volume.grains, volume.grainLength(16), volume.isWritten(16), volume.bytesOf({ first: 15, grains: 2 })]).toEqual([17, 4096, true, { offsetBytes: 15 * 65536, lengthBytes: 65536 + 4096 }]);
});

describe('zeroing', () => {
  test('touches only what was written', () => {
    const { core, read, seen } = bench();
    run(core.loop, core.volume.write(2 * GRAIN, bytes(2 * GRAIN, 7)));
    seen.length = 0;
    run(core.loop, core.volume.zero(GRAIN, 2 * GRAIN + 512));
    expect(seen.map(({ kind, offsetBytes, lengthBytes }) => ({ kind, offsetBytes, lengthBytes }))).toEqual([{ kind: 'zero', offsetBytes: 2 * GRAIN, lengthBytes: GRAIN + 512 }]);
    const got = read(2 * GRAIN, 2 * GRAIN);
    expect([got[0], got[GRAIN + 511], got[GRAIN + 512]]).toEqual([0, 0, 7]);
    expect(core.volume.isWritten(1)).toBe(false);
  });
});

describe('grains', () => {
  test('of a range are rounded outward', () => {
    const { volume } = bench().core;
    expect([volume.grainsOf(0, 512), volume.grainsOf(4095 * 1, 2), volume.grainsOf(GRAIN, GRAIN), volume.grainsOf(GRAIN - 512, GRAIN + 1024)]).toEqual([
      { first: 0, grains: 1 }, { first: 0, grains: 2 }, { first: 1, grains: 1 }, { first: 0, grains: 3 },
    ]);
  });
});

describe('locking for a write', () => {
  test('takes the bytes of written grains, and whole grains of others', () => {
    const { core } = bench();
    run(core.loop, core.volume.write(0, bytes(GRAIN, 7)));
    const lockOf = (offsetBytes: number, lengthBytes: number, whole: boolean): [number, number] => {
      const lock = run(core.loop, core.volume.lockForWrite(offsetBytes, lengthBytes, whole));
      core.locks.release(lock);
      return [lock.startBytes, lock.endBytes];
    };
    expect(lockOf(512, 512, false)).toEqual([512, 1024]);
    expect(lockOf(512, 512, true)).toEqual([0, GRAIN]);
    expect(lockOf(GRAIN - 512, 1024, false)).toEqual([0, 2 * GRAIN]);
    expect(lockOf(5 * GRAIN + 512, 512, false)).toEqual([5 * GRAIN, 6 * GRAIN]);
  });

  test('does not wait where it only tries', () => {
    const { core } = bench();
    const held = run(core.loop, core.volume.lockGrains({ first: 3, grains: 2 }));
    const waiting = launch(core.loop, core.volume.lockGrains({ first: 5, grains: 2 }));
    settle(core.loop);
    expect([core.volume.tryLockGrains({ first: 4, grains: 1 }), waiting.ended]).toEqual([undefined, true]);
    const queued = launch(core.loop, core.volume.lockGrains({ first: 4, grains: 8 }));
    settle(core.loop);
    // Free, but someone waits for it already.
    expect([core.volume.tryLockGrains({ first: 9, grains: 1 }), queued.ended]).toEqual([undefined, false]);
    core.locks.release(held);
    core.locks.release(waiting.result());
    settle(core.loop);
    core.locks.release(queued.result());
    expect(core.volume.tryLockGrains({ first: 4, grains: 1 })).toBeDefined();
  });
});

test('a flush is of NVRAM first, then of the disk, and those who ask meanwhile share the next', () => {
  const { core, board, seen } = bench();
  board.power.intercept = (operation) => {
    seen.push(operation);
    return 'hold';
  };
  const flushes = [1, 2, 3].map(() => launch(core.loop, core.volume.flush()));
  settle(core.loop);
  while (board.power.releaseOne()) settle(core.loop);
  for (const flush of flushes) flush.result();
  expect(seen.map(({ part, kind }) => `${part} ${kind}`)).toEqual(['nvram flush', 'volume flush', 'nvram flush', 'volume flush']);
});

test('a flush that fails fails for all who share it, and the next one is as good as any', () => {
  const { core, board } = bench();
  board.power.intercept = ({ part }) => (part === 'volume' ? { part: 'disk', kind: 'io', text: 'gone' } : undefined);
  const flushes = [1, 2, 3].map(() => launch(core.loop, core.volume.flush()));
  settle(core.loop);
  for (const flush of flushes) expect(() => { flush.result(); }).toThrow('gone');
  board.power.intercept = undefined;
  run(core.loop, core.volume.flush());
});

test('rule 19: a flush makes durable that a grain is written, though NVRAM refused it at the write', () => {
  const { board, core, read } = bench();
  board.power.intercept = ({ part, kind }) => (part === 'nvram' && kind === 'persist' ? { part: 'nvram', kind: 'io', text: 'refused' } : undefined);
  const write = launch(core.loop, core.volume.write(0, bytes(GRAIN, 7)));
  settle(core.loop);
  expect(() => { write.result(); }).toThrow('refused');
  board.power.intercept = undefined;
  const seen = read(0, GRAIN);
  run(core.loop, core.volume.flush());
  board.lose({ keep: () => false });
  const after = new Uint8Array(GRAIN);
  const rebooted = bootCore(board);
  run(rebooted.loop, rebooted.volume.read(0, after));
  expect(after).toEqual(seen);
});
