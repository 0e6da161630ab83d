import { expect, test } from 'vitest';
import type { EventLoop } from '../../../firmware/kernel/event-loop.js';
import { CHAIN_BYTES, type Position, PositionStore } from '../../../firmware/metadata/position-store.js';
import { launch, run, settle } from '../support/tasks.js';
import { blankBoard, BoardLoop, type TestBoard } from '../support/board.js';

const REGIONS = [{ offsetBytes: 4096, lengthBytes: 64 }, { offsetBytes: 4160, lengthBytes: 64 }] as const;

/** The n-th position of an export or load. */
function position(n: number): Position {
  return { mediumOffsetBytes: n * 1000, volumeOffsetBytes: n * 4096, chunks: n, chain: new Uint8Array(CHAIN_BYTES).fill(n) };
}

function bench(): { readonly board: TestBoard; readonly loop: EventLoop; readonly store: PositionStore; boot(damaged?: 0 | 1): PositionStore } {
  const board = blankBoard();
  const loop = new BoardLoop(board);
  const open = (image: Uint8Array): PositionStore => new PositionStore(loop, board.hal.nvram, REGIONS, image);
  return {
    board,
    loop,
    store: open(board.nvram.content.bytes.slice()),
    boot: (damaged) => {
      const image = board.nvram.content.bytes.slice();
      if (damaged !== undefined) image.fill(0, REGIONS[damaged].offsetBytes, REGIONS[damaged].offsetBytes + 64);
      return open(image);
    },
  };
}

test('there is no position at first, and nothing is spared', () => {
  const { store } = bench();
  expect([store.current, store.sparedBytes]).toEqual([undefined, 0]);
});

test('a position is durable when it has been advanced', () => {
  const it = bench();
  for (const n of [1, 2, 3]) {
    run(it.loop, it.store.advance(position(n)));
    expect(it.boot().current).toEqual(position(n));
  }
});

test.each([[2, 1], [3, 2]] as const)('with line of position %i damaged the work goes on from position %i', (newest, older) => {
  const it = bench();
  for (let n = 1; n <= newest; n += 1) run(it.loop, it.store.advance(position(n)));
  expect(it.boot(newest % 2 === 0 ? 0 : 1).current).toEqual(position(older));
  expect(it.boot(newest % 2 === 0 ? 1 : 0).current).toEqual(position(newest));
});

test('only what lies before the older line is spared, before and after a boot', () => {
  const it = bench();
  run(it.loop, it.store.advance(position(1)));
  expect([it.store.sparedBytes, it.boot().sparedBytes]).toEqual([0, 0]);
  run(it.loop, it.store.advance(position(2)));
  expect([it.store.sparedBytes, it.boot().sparedBytes]).toEqual([4096, 4096]);
  run(it.loop, it.store.advance(position(3)));
  expect([it.store.sparedBytes, it.boot().sparedBytes, it.boot(1).sparedBytes]).toEqual([8192, 8192, 0]);
});

test('a position that NVRAM refused is not there', () => {
  const it = bench();
  run(it.loop, it.store.advance(position(1)));
  it.board.power.intercept = () => ({ part: 'nvram', kind: 'io', text: 'refused' });
  const failed = launch(it.loop, it.store.advance(position(2)));
  settle(it.loop);
  expect(() => { failed.result(); }).toThrow('refused');
  expect([it.store.current, it.store.sparedBytes]).toEqual([position(1), 0]);
});

test('a cleared position is gone from both lines, and counting begins anew', () => {
  const it = bench();
  for (const n of [1, 2, 3]) run(it.loop, it.store.advance(position(n)));
  run(it.loop, it.store.clear());
  expect([it.store.current, it.boot().current, it.boot().sparedBytes]).toEqual([undefined, undefined, 0]);
  run(it.loop, it.store.advance(position(1)));
  expect(it.boot().current).toEqual(position(1));
});

test('positions of 16 TiB fit', () => {
  const it = bench();
  const far = { ...position(1), mediumOffsetBytes: 2 ** 44 + 12345, volumeOffsetBytes: 2 ** 44 };
  run(it.loop, it.store.advance(far));
  expect(it.boot().current).toEqual(far);
});
