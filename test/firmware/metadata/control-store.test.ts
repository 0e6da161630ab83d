import { describe, expect, test } from 'vitest';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { readControlBlocks } from '../../../firmware/metadata/control-store.js';
import { SuperblockStore } from '../../../firmware/metadata/superblock.js';
import type { EventLoop } from '../../../firmware/kernel/event-loop.js';
import { layoutOf, type Region } from '../../../firmware/metadata/nvram-layout.js';
import { bootCore, formattedBoard, type TestBoard } from '../support/board.js';
import { launch, run, settle } from '../support/tasks.js';
import { fillNvram, regionOf } from '../support/contents.js';

const { controlBlocks } = layoutOf(SMALL_GEOMETRY);

/** What a boot would find: the name, and whether the copies are alike. */
function reread(board: TestBoard, damaged?: Region): { readonly name: string | undefined; readonly uneven: boolean } {
  const { control, behind } = readControlBlocks(board.hal.digest, board.nvram.content.bytes, controlBlocks, (region) => region === damaged);
  return { name: control?.identity.secondaryName, uneven: behind.length > 0 };
}

/** What a boot would fall back to if both copies were lost. */
function superblockName(loop: EventLoop, board: TestBoard): string | undefined {
  return run(loop, new SuperblockStore(loop, board.hal).read()).superblock?.identity?.secondaryName;
}

function bench(): { readonly board: TestBoard; readonly core: ReturnType<typeof bootCore>; readonly rename: (name: string) => ReturnType<ReturnType<typeof bootCore>['state']['control']['commit']> } {
  const board = formattedBoard();
  const core = bootCore(board);
  return { board, core, rename: (name) => core.state.control.commit((draft) => { draft.identity.secondaryName = name; }) };
}

test('a commit is durable in both copies, and shows only then', () => {
  const { board, core, rename } = bench();
  board.power.intercept = () => 'hold';
  const committed = launch(core.loop, rename('new'));
  settle(core.loop);
  expect(core.state.control.current.identity.secondaryName).toBe('');
  while (board.power.releaseOne()) settle(core.loop);
  committed.result();
  expect(core.state.control.current.identity.secondaryName).toBe('new');
  for (const lost of [undefined, ...controlBlocks]) expect(reread(board, lost)).toEqual({ name: 'new', uneven: lost !== undefined });
});

test('a commit also outlives the machine, which may tear one copy at most: NVRAM is flushed before, and after each', () => {
  const { board, core, rename } = bench();
  const kinds: string[] = [];
  board.power.intercept = ({ part, kind }) => {
    kinds.push(`${part} ${kind}`);
    return undefined;
  };
  run(core.loop, rename('new'));
  expect(kinds.slice(0, 5)).toEqual(['nvram flush', 'nvram persist', 'nvram flush', 'nvram persist', 'nvram flush']);
});

test('commits take turns', () => {
  const { board, core, rename } = bench();
  board.power.intercept = () => 'hold';
  const first = launch(core.loop, rename('first'));
  const second = launch(core.loop, core.state.control.commit((draft) => { draft.identity.secondaryName += ' second'; }));
  settle(core.loop);
  while (board.power.releaseOne()) settle(core.loop);
  first.result();
  second.result();
  expect(reread(board)).toEqual({ name: 'first second', uneven: false });
});

test('a cut between the copies leaves the newer one, and is seen', () => {
  const { board, core, rename } = bench();
  run(core.loop, rename('old'));
  board.power.intercept = ({ offsetBytes }) => (offsetBytes === controlBlocks[1].offsetBytes ? 'hold' : undefined);
  launch(core.loop, rename('new'));
  settle(core.loop);
  expect(reread(board)).toEqual({ name: 'new', uneven: true });
  expect(reread(board, controlBlocks[0])).toEqual({ name: 'old', uneven: true });
});

test('an older copy is never taken for the newest', () => {
  const { board, core, rename } = bench();
  run(core.loop, rename('old'));
  const stale = regionOf(board, controlBlocks[0]);
  run(core.loop, rename('new'));
  for (const region of controlBlocks) {
    const kept = regionOf(board, region);
    fillNvram(board, region.offsetBytes, stale);
    expect(reread(board)).toEqual({ name: 'new', uneven: true });
    fillNvram(board, region.offsetBytes, kept);
  }
});

describe('a commit that a part refuses', () => {
  // Both copies in NVRAM and its flush, then two copies of the superblock, each with a flush.
  test.each([0, 1, 2, 3, 4, 5, 6])('at step %i did not happen, not after a boot either', (bad) => {
    const { board, core, rename } = bench();
    run(core.loop, rename('old'));
    let step = 0;
    board.power.intercept = () => {
      step += 1;
      return step - 1 === bad ? { part: 'nvram', kind: 'io', text: 'refused' } : undefined;
    };
    const failed = launch(core.loop, rename('new'));
    settle(core.loop);
    expect(() => { failed.result(); }).toThrow('refused');
    expect([core.state.control.current.identity.secondaryName, reread(board)]).toEqual(['old', { name: 'old', uneven: false }]);
    board.power.intercept = undefined;
    expect(superblockName(core.loop, board)).toBe('old');
    run(core.loop, rename('newer'));
    expect([reread(board), superblockName(core.loop, board)]).toEqual([{ name: 'newer', uneven: false }, 'newer']);
  });

  test('and that cannot be taken back at once is taken back before anybody relies on it', () => {
    const { board, core, rename } = bench();
    run(core.loop, rename('old'));
    let persists = 0;
    // The first copy of the new block is taken, the second refused, and so is the old one in its place.
    board.power.intercept = ({ kind }) => {
      if (kind === 'persist') persists += 1;
      return kind === 'persist' && (persists === 2 || persists === 3 || persists === 4) ? { part: 'nvram', kind: 'io', text: 'refused' } : undefined;
    };
    const failed = launch(core.loop, rename('new'));
    settle(core.loop);
    expect(() => { failed.result(); }).toThrow('refused');
    expect([core.state.control.current.identity.secondaryName, reread(board).name]).toEqual(['old', 'new']);
    const refused = launch(core.loop, core.state.control.settle());
    settle(core.loop);
    expect(() => { refused.result(); }).toThrow('refused');
    board.power.intercept = undefined;
    run(core.loop, core.state.control.settle());
    expect([reread(board), superblockName(core.loop, board)]).toEqual([{ name: 'old', uneven: false }, 'old']);
  });

  test('for good leaves the store able to commit again', () => {
    const { board, core, rename } = bench();
    board.power.intercept = () => ({ part: 'nvram', kind: 'io', text: 'refused' });
    const failed = launch(core.loop, rename('new'));
    settle(core.loop);
    expect(() => { failed.result(); }).toThrow('refused');
    board.power.intercept = undefined;
    run(core.loop, rename('newer'));
    expect(reread(board)).toEqual({ name: 'newer', uneven: false });
  });
});

test('the superblock follows the identity, but not each session', () => {
  const { board, core, rename } = bench();
  let superblocks = 0;
  board.power.intercept = ({ part, kind }) => {
    if (part === 'reserved' && kind === 'write') superblocks += 1;
    return undefined;
  };
  run(core.loop, core.state.control.commit((draft) => { draft.identity.sessionCounter += 1n; }));
  run(core.loop, core.state.control.commit((draft) => { draft.consistent = false; }));
  expect(superblocks).toBe(0);
  run(core.loop, rename('new'));
  expect(superblocks).toBe(2);
});

test('a control block of another version is none', () => {
  const { board, core } = bench();
  run(core.loop, core.state.control.commit((draft) => { draft.version = 2; }));
  expect(reread(board)).toEqual({ name: undefined, uneven: true });
});
