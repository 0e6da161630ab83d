import { expect, test } from 'vitest';
import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { bootCore, formattedBoard, launch, run, settle } from './memory-hal.js';

test('a formatted memory board boots as a standalone card', () => {
  const core = bootCore(formattedBoard());
  expect(core.state.control.current.identity.role).toBe(Role.STANDALONE);
  expect(core.state.findings).toEqual([]);
});

test('an unflushed disk write is gone after a power cut, a flushed one is there', () => {
  const board = formattedBoard();
  const core = bootCore(board);
  const write = (offsetBytes: number, value: number): void => {
    run(core.loop, core.loop.run<void>((done) => { board.hal.volume.write(offsetBytes, new Uint8Array(512).fill(value), done); }));
  };
  write(0, 1);
  run(core.loop, core.loop.run<void>((done) => { board.hal.volume.flush(done); }));
  write(512, 2);
  board.powerCycle(() => false);
  expect([board.volume.content()[0], board.volume.content()[512]]).toEqual([1, 0]);
});

test('a cut before an effect stops everything that waits for it', () => {
  const board = formattedBoard();
  const core = bootCore(board);
  board.power.cutAfter(1);
  const task = launch(core.loop, core.state.dirty.set(0, 1));
  const second = launch(core.loop, core.state.dirty.set(1, 1));
  settle(core.loop);
  expect([task.ended, second.ended, board.power.on]).toEqual([true, false, false]);
});
