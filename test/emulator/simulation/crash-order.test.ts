import { expect, test } from 'vitest';
import { Block, ZERO_BLOCK } from '../../../emulator/simulation/block.js';
import { CrashOrder } from '../../../emulator/simulation/crash-order.js';
import { HostModel, type ModelWrite } from '../../../emulator/simulation/host-model.js';
import { markedBlocks } from '../../../emulator/simulation/marked-blocks.js';

/** A volume that holds the write named for each block; none is zeroes. */
const volume = (...writes: readonly (ModelWrite | undefined)[]) => (block: number): Block => {
  const write = writes[block];
  return write === undefined || write.mark === 0 ? ZERO_BLOCK : new Block(markedBlocks(block, 1, write.mark));
};

function bench(): { order: CrashOrder; write: (block: number, zeroes?: boolean) => ModelWrite; durable: (write: ModelWrite) => void } {
  const model = new HostModel(4);
  const order = new CrashOrder();
  return {
    order,
    write: (block, zeroes = false) => {
      const write = zeroes ? model.zero(block, 1, true) : model.write(block, 1, true);
      order.asked(write);
      return write;
    },
    durable: (write) => { order.durable([write], model.order); },
  };
}

test('who holds a write holds what was durable before it was asked for', () => {
  const { order, write, durable } = bench();
  const [old, first] = [write(0), write(0)];
  durable(first);
  const later = write(1);
  expect(order.fault(volume(old, later), [0, 1])).toContain('block 0 is older');
  expect(order.fault(volume(first, later), [0, 1])).toBeUndefined();
  // Apart, each may be from an instant of its own.
  expect([order.fault(volume(old, later), [0]), order.fault(volume(old), [0, 1])]).toEqual([undefined, undefined]);
});

test('what was only asked for, or became durable later, may be missing', () => {
  const { order, write, durable } = bench();
  const [old, first] = [write(0), write(0)];
  const later = write(1);
  durable(first);
  expect(order.fault(volume(old, later), [0, 1])).toBeUndefined();
});

test('zeroes count as the newest ones asked for there', () => {
  const { order, write, durable } = bench();
  durable(write(0));
  const later = write(1);
  expect(order.fault(volume(undefined, later), [0, 1])).toContain('block 0');
  write(0, true);
  expect(order.fault(volume(undefined, later), [0, 1])).toBeUndefined();
});

test('after damage nothing is known to be durable', () => {
  const { order, write, durable } = bench();
  durable(write(0));
  const later = write(1);
  order.forget();
  expect(order.fault(volume(undefined, later), [0, 1])).toBeUndefined();
});
