import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { IdentitySchema } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { EventLoop } from '../../../firmware/kernel/event-loop.js';
import { SUPERBLOCK_BYTES } from '../../../firmware/limits.js';
import { SuperblockStore } from '../../../firmware/metadata/superblock.js';
import { launch, MemoryBoard, run, settle, SMALL_GEOMETRY } from '../support/memory-hal.js';

const named = (secondaryName: string) => create(IdentitySchema, { cardId: new Uint8Array(16).fill(1), secondaryName });

function bench(): { readonly board: MemoryBoard; readonly loop: EventLoop; readonly store: SuperblockStore; reread(): { name: string | undefined; damaged: boolean } } {
  const board = new MemoryBoard();
  const loop = new EventLoop(board.clock, () => undefined);
  const open = (): SuperblockStore => new SuperblockStore(loop, board.hal.reserved, board.hal.digest);
  return {
    board,
    loop,
    store: open(),
    reread: () => {
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
  it.board.powerCycle(() => false);
  expect(it.reread()).toEqual({ name: 'one', damaged: false });
});

test.each([0, 1])('copy %i may be damaged', (copy) => {
  const it = bench();
  run(it.loop, it.store.write(named('one'), SMALL_GEOMETRY));
  it.board.reserved.fill(copy * SUPERBLOCK_BYTES + 20, new Uint8Array(4).fill(0x55));
  expect(it.reread()).toEqual({ name: 'one', damaged: true });
});

test('a cut at any effect of a write leaves the old one or the new one', () => {
  const seen = new Set<string | undefined>();
  for (let cutAfter = 0; cutAfter < 5; cutAfter += 1) {
    const it = bench();
    run(it.loop, it.store.write(named('old'), SMALL_GEOMETRY));
    it.board.power.cutAfter(cutAfter);
    launch(it.loop, it.store.write(named('new'), SMALL_GEOMETRY));
    settle(it.loop);
    it.board.powerCycle(() => false);
    seen.add(it.reread().name);
  }
  expect([...seen].sort()).toEqual(['new', 'old']);
});

test('a length that its place does not have, and any flipped bit, are damage', () => {
  const it = bench();
  run(it.loop, it.store.write(named('one'), SMALL_GEOMETRY));
  const good = it.board.reserved.content();
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
    it.board.reserved.powerCycle(() => false);
    it.board.reserved.fill(0, bytes);
    expect(it.reread()).toEqual({ name: undefined, damaged: true });
  }
});

test.each([0, 1])('copy %i may be unreadable: the other one serves', (copy) => {
  const it = bench();
  run(it.loop, it.store.write(named('one'), SMALL_GEOMETRY));
  it.board.power.intercept = ({ kind, offsetBytes }) => (kind === 'read' && offsetBytes === copy * SUPERBLOCK_BYTES ? { kind: 'io', text: 'unreadable' } : undefined);
  expect(it.reread()).toEqual({ name: 'one', damaged: true });
});
