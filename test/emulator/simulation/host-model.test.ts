import { expect, test } from 'vitest';
import { Block, ZERO_BLOCK } from '../../../emulator/simulation/block.js';
import { HostModel, type VolumeContent } from '../../../emulator/simulation/host-model.js';
import { ALIEN, markedBlocks, markOf } from '../../../emulator/simulation/marked-blocks.js';

const BLOCK = 512;
const at = (bytes: Uint8Array, index: number): Uint8Array => bytes.subarray(index * BLOCK, (index + 1) * BLOCK);

function volume(bytes: (block: number) => Uint8Array): VolumeContent {
  const block = (number: number): Block => new Block(bytes(number));
  return {
    block,
    differing: (known, visit) => {
      for (let at = 0; at < 4; at += 1) if (known[at]?.holdsSameAs(block(at)) !== true) visit(at, block(at));
    },
  };
}

test('a block tells which write it is from, and that it is a whole block in its own place', () => {
  const bytes = markedBlocks(3, 2, 77);
  expect([markOf(at(bytes, 0), 3), markOf(at(bytes, 1), 4), markOf(new Uint8Array(BLOCK), 9)]).toEqual([77, 77, 0]);
  expect(markOf(at(bytes, 0), 4)).toBe(ALIEN);
  const torn = at(bytes, 0).slice();
  torn.set(at(markedBlocks(3, 1, 78), 0).subarray(256), 256);
  expect(markOf(torn, 3)).toBe(ALIEN);
});

test('after a cut: what is known to be durable, or anything asked for since', () => {
  const model = new HostModel(8);
  const first = model.write(0, 2, false);
  const second = model.write(1, 2, true);
  model.zero(2, 1, false);
  expect([0, 1, 2, 3].map((block) => model.afterCut(block))).toEqual([[0, 1], [0, 1, 2], [0, 2, 0], [0]]);
  model.acknowledge(first);
  expect(model.afterCut(0)).toEqual([0, 1]);
  model.acknowledge(second);
  expect([0, 1, 2].map((block) => model.afterCut(block))).toEqual([[0, 1], [2], [2, 0]]);
  model.makeDurable([first]);
  expect([0, 1].map((block) => model.afterCut(block))).toEqual([[1], [2]]);
});

test('a flush covers what was acknowledged before it', () => {
  const model = new HostModel(4);
  const before = model.write(0, 1, false);
  model.acknowledge(before);
  const covered = model.acknowledgedWrites();
  const later = model.write(0, 1, false);
  model.acknowledge(later);
  model.makeDurable(covered);
  expect(model.afterCut(0)).toEqual([before.mark, later.mark]);
});

test('a read returns the newest write acknowledged before it, or one asked for after that', () => {
  const model = new HostModel(4);
  model.acknowledge(model.write(0, 1, false));
  const read = model.read(0, 1);
  const later = model.write(0, 1, false);
  const returned = (mark: number) => () => new Block(markedBlocks(0, 1, mark));
  expect(model.faultOfRead(read, returned(1))).toBeUndefined();
  expect(model.faultOfRead(read, returned(later.mark))).toBeUndefined();
  expect(model.faultOfRead(read, returned(9))).toBe('a read of block 0 returned write 9; write 1, write 2 would do');
  const afterwards = model.read(0, 1);
  model.acknowledge(later);
  expect(model.faultOfRead(model.read(0, 1), returned(later.mark))).toBeUndefined();
  expect(model.faultOfRead(afterwards, returned(1))).toBeUndefined();
  // Not durable is not forgotten: nobody may see the older one again.
  expect(model.faultOfRead(model.read(0, 1), returned(1))).toBe(`a read of block 0 returned write 1; write ${String(later.mark)} would do`);
});

test('a read may return a write that came and went while it was under way', () => {
  const model = new HostModel(4);
  const read = model.read(0, 2);
  const [passing, last] = [model.write(1, 1, true), model.write(1, 1, true)];
  for (const write of [passing, last]) model.acknowledge(write);
  const returned = (index: number): Block => (index === 0 ? ZERO_BLOCK : new Block(markedBlocks(1, 1, passing.mark)));
  expect(model.faultOfRead(model.read(0, 2), returned)).toBe('a read of block 1 returned write 1; write 2 would do');
  expect(model.faultOfRead(read, returned)).toBeUndefined();
});

test('tells which blocks are uncertain, until they are settled', () => {
  const model = new HostModel(4);
  model.acknowledge(model.write(0, 2, true));
  expect(model.uncertainBlocks()).toEqual([]);
  model.write(1, 2, false);
  expect(model.uncertainBlocks()).toEqual([1, 2]);
  model.settle(1, new Block(markedBlocks(1, 1, 1)));
  expect([model.uncertainBlocks(), model.now(1)]).toEqual([[2], [1]]);
});

test('names wrong blocks, and takes over what a cut has left', () => {
  const model = new HostModel(4);
  model.acknowledge(model.write(1, 1, true));
  const empty = volume(() => new Uint8Array(BLOCK));
  expect(model.faults(empty, model.afterCut)).toEqual(['block 1 holds zeroes; write 1 would do']);
  expect(model.faults(empty, model.afterCut, (block) => block === 1)).toEqual([]);
  model.settleOn(empty);
  expect(model.faults(empty, model.afterCut)).toEqual([]);
});

test('adopts a running card: what it holds durably, or what it reads as', () => {
  const model = new HostModel(2);
  model.adopt(volume(() => new Uint8Array(BLOCK)), volume((block) => (block === 1 ? markedBlocks(1, 1, 5) : new Uint8Array(BLOCK))));
  expect([model.afterCut(0), model.afterCut(1), model.now(1)]).toEqual([[0], [0, 5], [5]]);
});
