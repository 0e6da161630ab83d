import { expect, test } from 'vitest';
import { GrainMap } from '../../../firmware/metadata/grain-map.js';
import type { EventLoop } from '../../../firmware/kernel/event-loop.js';
import { launch, run, settle } from '../support/tasks.js';
import { blankBoard, BoardLoop, type TestBoard } from '../support/board.js';

const REGION = { offsetBytes: 4096, lengthBytes: 256 };
const GRAINS = 2000;

function bench(): { readonly board: TestBoard; readonly loop: EventLoop; readonly map: GrainMap; persisted(): number[] } {
  const board = blankBoard();
  const loop = new BoardLoop(board);
  const lines: number[] = [];
  board.power.intercept = ({ offsetBytes, lengthBytes }) => {
    for (let at = 0; at < lengthBytes; at += 64) lines.push((offsetBytes - REGION.offsetBytes + at) / 64);
    return undefined;
  };
  const map = new GrainMap(loop, board.hal.nvram, REGION, GRAINS, board.nvram.content.bytes.slice());
  return { board, loop, map, persisted: () => lines.splice(0) };
}

/** What a boot would find. */
function reread({ board, loop }: ReturnType<typeof bench>): GrainMap {
  return new GrainMap(loop, board.hal.nvram, REGION, GRAINS, board.nvram.content.bytes.slice());
}

test('set and clear are durable when they return', () => {
  const it = bench();
  run(it.loop, it.map.set(500, 30));
  run(it.loop, it.map.clear(510, 5));
  const found = reread(it);
  expect([found.count, found.nextSet(0), found.nextClear(500), found.nextSet(510)]).toEqual([25, 500, 510, 515]);
});

test('only the lines that are touched are persisted, and none when every bit is durably set', () => {
  const it = bench();
  run(it.loop, it.map.set(500, 30));
  expect(it.persisted()).toEqual([0, 1]);
  run(it.loop, it.map.set(505, 10));
  run(it.loop, it.map.set(0, 0));
  expect(it.persisted()).toEqual([]);
});

test('a bit that another has set, and not yet made durable, is not durable for the next', () => {
  const it = bench();
  it.board.power.intercept = () => 'hold';
  const first = launch(it.loop, it.map.set(3, 1));
  const second = launch(it.loop, it.map.set(3, 1));
  settle(it.loop);
  expect([it.map.isSetDurably(3, 1), it.board.power.held.length]).toEqual([false, 2]);
  it.board.power.releaseOne();
  settle(it.loop);
  expect([first.ended, second.ended, it.map.isSetDurably(3, 1)]).toEqual([true, false, false]);
  it.board.power.releaseOne();
  settle(it.loop);
  expect([second.ended, it.map.isSetDurably(3, 1)]).toEqual([true, true]);
});

test('a line that NVRAM refused is persisted again by whoever needs it next', () => {
  const it = bench();
  it.board.power.intercept = () => ({ part: 'nvram', kind: 'io', text: 'refused' });
  const failed = launch(it.loop, it.map.set(3, 1));
  settle(it.loop);
  expect(() => { failed.result(); }).toThrow('refused');
  expect([it.map.has(3), it.map.isSetDurably(3, 1)]).toEqual([true, false]);
  it.board.power.intercept = undefined;
  run(it.loop, it.map.set(3, 1));
  expect(reread(it).has(3)).toBe(true);
});

test('scattered ranges cost one persist a line', () => {
  const it = bench();
  run(it.loop, it.map.setAll());
  it.persisted();
  run(it.loop, it.map.clearRanges([{ first: 1, grains: 2 }, { first: 100, grains: 1 }, { first: 1000, grains: 30 }]));
  expect(it.persisted().sort()).toEqual([0, 1, 2]);
  expect(reread(it).count).toBe(GRAINS - 33);
});

test('becomes what another is', () => {
  const it = bench();
  const other = new GrainMap(it.loop, it.board.hal.nvram, { offsetBytes: 8192, lengthBytes: 256 }, GRAINS, it.board.nvram.content.bytes.slice());
  run(it.loop, it.map.set(7, 9));
  run(it.loop, other.copyFrom(it.map));
  expect([other.count, new GrainMap(it.loop, it.board.hal.nvram, { offsetBytes: 8192, lengthBytes: 256 }, GRAINS, it.board.nvram.content.bytes).nextSet(0)]).toEqual([9, 7]);
});

test('knows the grains of a line, the last one being short', () => {
  const { map } = bench();
  expect([map.grainsOfLine(0), map.grainsOfLine(3), map.grainsOfLine(4)]).toEqual([{ first: 0, grains: 512 }, { first: 1536, grains: 464 }, { first: 2000, grains: 0 }]);
});

test('settle makes durable what refused persists left in memory alone, every line of it, and nothing else', () => {
  const it = bench();
  it.board.power.intercept = () => ({ part: 'nvram', kind: 'io', text: 'refused' });
  const failed = launch(it.loop, it.map.setRanges([{ first: 3, grains: 1 }, { first: 600, grains: 1 }, { first: 1999, grains: 1 }]));
  settle(it.loop);
  expect(() => { failed.result(); }).toThrow('refused');
  expect([reread(it).count, it.map.count]).toEqual([0, 3]);
  const again = launch(it.loop, it.map.settle());
  settle(it.loop);
  expect(() => { again.result(); }).toThrow('refused');
  let persists = 0;
  it.board.power.intercept = () => {
    persists += 1;
    return undefined;
  };
  run(it.loop, it.map.settle());
  expect([reread(it).count, it.map.isSetDurably(1999, 1), persists]).toEqual([3, true, 3]);
  run(it.loop, it.map.settle());
  expect(persists).toBe(3);
});
