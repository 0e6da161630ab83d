import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { IdentitySchema } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import type { EventLoop } from '../../../firmware/kernel/event-loop.js';
import { SUPERBLOCK_BYTES } from '../../../firmware/limits.js';
import { type Rescued, SuperblockStore } from '../../../firmware/metadata/superblock.js';
import { launch, run, settle } from '../support/tasks.js';
import { blankBoard, BoardLoop, type TestBoard } from '../support/board.js';
import { contentOf, fill } from '../support/contents.js';

const named = (secondaryName: string): Rescued => ({ identity: create(IdentitySchema, { cardId: new Uint8Array(16).fill(1), secondaryName }), access: true, forkId: 7n });

function bench(): { readonly board: TestBoard; readonly loop: EventLoop; readonly store: SuperblockStore; reread(): { name: string | undefined; damaged: boolean } } {
  const board = blankBoard();
  const loop = new BoardLoop(board);
  const open = (): SuperblockStore => new SuperblockStore(loop, board.hal);
  return {
    board,
    loop,
    store: open(),
    reread: () => {
      board.power.on = true;
      const { superblock, damaged } = run(loop, open().read());
      return { name: superblock?.identity?.secondaryName, damaged };
    },
  };
}

test('an empty disk has none', () => {
  expect(bench().reread()).toEqual({ name: undefined, damaged: true });
});

test('what was written is durable, in two copies', () => {
  const it = bench();
  run(it.loop, it.store.write(named('one'), SMALL_GEOMETRY));
  it.board.lose({ keep: () => false });
  expect(it.reread()).toEqual({ name: 'one', damaged: false });
  expect(run(it.loop, it.store.read()).superblock).toMatchObject({ access: true, forkId: 7n });
});

test.each([0, 1])('copy %i may be damaged', (copy) => {
  const it = bench();
  run(it.loop, it.store.write(named('one'), SMALL_GEOMETRY));
  fill(it.board.reserved, copy * SUPERBLOCK_BYTES + 20, new Uint8Array(4).fill(0x55));
  expect(it.reread()).toEqual({ name: 'one', damaged: true });
});

test('a cut at any effect of a write leaves the old one or the new one', () => {
  const seen = new Set<string | undefined>();
  for (let cutAfter = 0; cutAfter < 5; cutAfter += 1) {
    const it = bench();
    run(it.loop, it.store.write(named('old'), SMALL_GEOMETRY));
    it.board.cutAfter(cutAfter);
    launch(it.loop, it.store.write(named('new'), SMALL_GEOMETRY));
    settle(it.loop);
    it.board.lose({ keep: () => false });
    seen.add(it.reread().name);
  }
  expect([...seen].sort()).toEqual(['new', 'old']);
});

test('a length that its place does not have, and any flipped bit, are damage', () => {
  const it = bench();
  run(it.loop, it.store.write(named('one'), SMALL_GEOMETRY));
  const good = contentOf(it.board.reserved);
  const length = new DataView(good.buffer).getUint32(0, true);
  const damages = [0xffffffff, 0, SUPERBLOCK_BYTES].map((value) => {
    const bytes = good.slice();
    for (const copy of [0, 1]) new DataView(bytes.buffer).setUint32(copy * SUPERBLOCK_BYTES, value, true);
    return bytes;
  });
  for (let at = 0; at < 8 + length; at += 1) {
    const bytes = good.slice();
    for (const copy of [0, 1]) bytes[copy * SUPERBLOCK_BYTES + at] = (bytes[copy * SUPERBLOCK_BYTES + at] ?? 0) ^ (1 << (at % 8));
    damages.push(bytes);
  }
  for (const bytes of damages) {
    fill(it.board.reserved, 0, bytes);
    expect(it.reread()).toEqual({ name: undefined, damaged: true });
  }
});

test.each([0, 1])('copy %i may be unreadable: the other one serves', (copy) => {
  const it = bench();
  run(it.loop, it.store.write(named('one'), SMALL_GEOMETRY));
  it.board.power.intercept = ({ kind, offsetBytes }) => (kind === 'read' && offsetBytes === copy * SUPERBLOCK_BYTES ? { part: 'disk', kind: 'io', text: 'unreadable' } : undefined);
  expect(it.reread()).toEqual({ name: 'one', damaged: true });
});
