import { describe, expect, test } from 'vitest';
import type { Completion, PartFault } from '../../../firmware/hal.js';
import { CardImage } from '../../../emulator/simulation/card-image.js';
import { NO_FAULTS } from '../../../emulator/simulation/faults.js';
import { SimPower } from '../../../emulator/simulation/power.js';
import { Random } from '../../../emulator/simulation/random.js';
import { ReusedMemory } from '../../../emulator/simulation/reused-memory.js';
import { Scheduler } from '../../../emulator/simulation/scheduler.js';
import { SimDisk } from '../../../emulator/simulation/sim-disk.js';
import { SimNvram } from '../../../emulator/simulation/sim-nvram.js';

const BLOCK = 512;

interface Outcome {
  state: 'under way' | 'done' | PartFault;
}

function watched(start: (done: Completion<void>) => void): Outcome {
  const outcome: Outcome = { state: 'under way' };
  start({ succeed: () => { outcome.state = 'done'; }, fail: (fault) => { outcome.state = fault; } });
  return outcome;
}

interface Bench {
  readonly scheduler: Scheduler;
  readonly power: SimPower;
  readonly image: CardImage;
  readonly disk: SimDisk;
  readonly nvram: SimNvram;
}

function bench(seed: number, faults = NO_FAULTS): Bench {
  const scheduler = new Scheduler();
  const power = new SimPower('P', scheduler, new Random(seed), () => faults);
  const image = new CardImage({ sizeBytes: 16 * BLOCK, grainBytes: 4096, nvramBytes: 4096, storeBytes: 4096 });
  return { scheduler, power, image, disk: new SimDisk(power, 'volume', 16 * BLOCK, image.volume), nvram: new SimNvram(power, image.nvram, new ReusedMemory()) };
}

const bytes = (blocks: number, value: number): Uint8Array => new Uint8Array(blocks * BLOCK).fill(value);

describe('SimDisk', () => {
  test('a write reads back when it has completed, and is durable only after a flush', () => {
    const { scheduler, disk } = bench(1);
    const write = watched((done) => { disk.write(BLOCK, bytes(2, 7), done); });
    expect(write.state).toBe('under way');
    while (scheduler.deliver());
    const into = bytes(4, 9);
    watched((done) => { disk.read(0, into, done); });
    while (scheduler.deliver());
    expect([write.state, into[0], into[BLOCK], into[2 * BLOCK], into[3 * BLOCK]]).toEqual(['done', 0, 7, 7, 0]);
    expect(disk.durable.get(1).bytes[0]).toBe(0);
    watched((done) => { disk.flush(done); });
    while (scheduler.deliver());
    expect([disk.durable.get(1).bytes[0], [...disk.unflushed].length]).toEqual([7, 0]);
  });

  test('a flush covers what had completed when it was asked for, and not a byte more', () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const { scheduler, disk } = bench(seed);
      watched((done) => { disk.flush(done); });
      watched((done) => { disk.write(0, bytes(1, 7), done); });
      while (scheduler.deliver());
      expect(disk.durable.get(0).bytes[0]).toBe(0);
    }
  });

  test('a cut leaves each block of a write under way, and each unflushed one, old or new', () => {
    for (const isDone of [false, true]) {
      const { scheduler, power, disk } = bench(1);
      watched((done) => { disk.write(0, bytes(2, 7), done); });
      while (isDone && scheduler.deliver());
      const unsettled = [...disk.unsettled, ...power.unsettled];
      expect(unsettled.map(({ part, atoms }) => [part, atoms.map(({ at }) => at)])).toEqual([['volume', [0, 1]]]);
      for (const [first, second] of [['old', 'new'], ['new', 'old']] as const) {
        const { image } = bench(1);
        for (const write of unsettled) image.settle(write, (_write, index) => (index === 0 ? first : second));
        expect([image.volume.get(0).bytes[0], image.volume.get(1).bytes[0]]).toEqual([first, second].map((fate) => (fate === 'new' ? 7 : 0)));
      }
    }
  });

  test('what is unflushed counts by the writes it is of, the oldest first', () => {
    const { scheduler, disk } = bench(1);
    for (const [block, value] of [[0, 7], [4, 8], [1, 9]] as const) {
      watched((done) => { disk.write(block * BLOCK, bytes(2, value), done); });
      while (scheduler.deliver());
    }
    expect(disk.unsettled.map(({ atoms }) => atoms.map(({ at, bytes: content }) => [at, content[0]]))).toEqual([[[0, 7]], [[4, 8], [5, 8]], [[1, 9], [2, 9]]]);
  });

  test('takes the payload when the write takes effect, so that one changed before is found out', () => {
    const { scheduler, disk } = bench(2);
    const payload = bytes(1, 7);
    watched((done) => { disk.write(0, payload, done); });
    payload.fill(8);
    while (scheduler.deliver());
    expect(disk.block(0).bytes[0]).toBe(8);
  });

  test('a fault takes no effect and is told', () => {
    const { scheduler, disk } = bench(3, { ...NO_FAULTS, diskError: 1 });
    const write = watched((done) => { disk.write(0, bytes(1, 7), done); });
    while (scheduler.deliver());
    expect([write.state, disk.block(0).bytes[0]]).toEqual([{ part: 'disk', kind: 'io', text: 'the volume failed in a write' }, 0]);
  });

  test('refuses half blocks and what lies past the end', () => {
    const { disk } = bench(4);
    expect(() => watched((done) => { disk.write(1, bytes(1, 7), done); })).toThrow('half a block');
    expect(() => watched((done) => { disk.read(16 * BLOCK, bytes(1, 7), done); })).toThrow('past the end');
  });
});

describe('SimNvram', () => {
  test('persists of one line take effect in the order of the calls', () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const { scheduler, nvram } = bench(seed);
      for (const value of [1, 2, 3]) watched((done) => { nvram.persist(64, new Uint8Array(64).fill(value), done); });
      while (scheduler.deliver());
      expect(nvram.content.bytes[64]).toBe(3);
    }
  });

  test('a cut leaves each line of a persist under way old, new or damaged', () => {
    const { power, nvram } = bench(1);
    watched((done) => { nvram.persist(64, new Uint8Array(192).fill(7), done); });
    const { image } = bench(1);
    for (const write of power.unsettled) image.settle(write, (_write, index) => (['old', 'new', 'damaged'] as const)[index] ?? 'old');
    expect([image.nvram.bytes[64], image.nvram.bytes[128], [...image.nvram.damagedLines]]).toEqual([0, 7, [3]]);
  });

  test('damage that a boot was told of is told again until the firmware has dealt with it', () => {
    const { scheduler, nvram } = bench(1);
    nvram.content.damagedLines.add(3);
    expect(nvram.powerUp().damagedLines).toEqual([3]);
    watched((done) => { nvram.persist(192, new Uint8Array(64), done); });
    while (scheduler.deliver());
    expect(nvram.powerUp().damagedLines).toEqual([3]);
    watched((done) => { nvram.recovered(done); });
    while (scheduler.deliver());
    expect(nvram.powerUp().damagedLines).toEqual([]);
  });
});
