import { expect, test } from 'vitest';
import { CrashOrder } from '../../../emulator/simulation/crash-order.js';
import { HostModel, type ModelWrite } from '../../../emulator/simulation/host-model.js';

/** What blocks bear that hold these writes; none is zeroes. */
const marks = (...writes: readonly (ModelWrite | undefined)[]): number[] => writes.map((write) => write?.mark ?? 0);

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
  expect(order.fault([0, 1], marks(old, later))).toContain('block 0 is older');
  expect(order.fault([0, 1], marks(first, later))).toBeUndefined();
  // Apart, each may be from an instant of its own.
  expect([order.fault([0], marks(old)), order.fault([0, 1], marks(old, undefined))]).toEqual([undefined, undefined]);
});

test('what was only asked for, or became durable later, may be missing', () => {
  const { order, write, durable } = bench();
  const [old, first] = [write(0), write(0)];
  const later = write(1);
  durable(first);
  expect(order.fault([0, 1], marks(old, later))).toBeUndefined();
});

test('zeroes count as the newest ones asked for there', () => {
  const { order, write, durable } = bench();
  durable(write(0));
  const later = write(1);
  expect(order.fault([0, 1], marks(undefined, later))).toContain('block 0');
  write(0, true);
  expect(order.fault([0, 1], marks(undefined, later))).toBeUndefined();
});

test('after damage nothing is known to be durable', () => {
  const { order, write, durable } = bench();
  durable(write(0));
  const later = write(1);
  order.forget();
  expect(order.fault([0, 1], marks(undefined, later))).toBeUndefined();
});
