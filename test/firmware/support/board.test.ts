import { expect, test } from 'vitest';
import { bootCore, formattedBoard } from './board.js';
import { launch, settle } from './tasks.js';

test('a cut comes right after an effect, and stops everything that waits for it or for a later one', () => {
  const board = formattedBoard();
  const core = bootCore(board);
  board.cutAfter(1, { keep: () => false });
  const tasks = [0, 1, 2].map((grain) => launch(core.loop, core.state.dirty.set(100 * grain, 1)));
  settle(core.loop);
  expect([tasks.filter(({ ended }) => ended).length, board.power.on]).toEqual([1, false]);
  expect(bootCore(board).state.dirty.count).toBe(2);
});

test.each([[true, 1], [false, 0]])('what is held is under way: a cut may leave it (%s) or not', (isKept, count) => {
  const board = formattedBoard();
  const core = bootCore(board);
  board.power.intercept = () => 'hold';
  launch(core.loop, core.state.dirty.set(7, 1));
  settle(core.loop);
  board.lose({ keep: () => isKept });
  expect(bootCore(board).state.dirty.count).toBe(count);
});
