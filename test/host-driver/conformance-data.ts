import { expect, it } from 'vitest';
import type { HostDriver } from '../../host-driver/index.js';
import { type Bench, LEAST_VOLUME_BYTES } from './conformance-bench.js';
import { pattern, randomNumbers } from './test-data.js';
import { VolumeModel } from './volume-model.js';

const BLOCK = 512;
const KIB = 1024;
const DEPTH = 32;

const noAnomalies = { unexpectedFrames: 0, unknownCompletions: 0, outOfPhase: 0, impossibleHeads: 0 };

export function conformanceOfData(bench: Bench): void {
  it('reads zeroes where nothing was ever written', async () => {
    const driver = await bench.connect();
    const last = driver.geometry.volumeBytes - 8 * BLOCK;
    for (const offset of [0, 5 * BLOCK, last]) {
      expect(isZero(await driver.read(offset, 8 * BLOCK))).toBe(true);
    }
  });

  it.each([
    ['one block at the start', 0, BLOCK],
    ['one block in the middle of a page', 3 * BLOCK, BLOCK],
    ['a page', 4 * KIB, 4 * KIB],
    ['blocks across pages', 7 * BLOCK, 11 * BLOCK],
    ['more than a transfer', 9 * BLOCK, 600 * KIB + BLOCK],
  ])('reads back %s', async (_what, offset, lengthBytes) => {
    const driver = await bench.connect();
    const data = pattern(lengthBytes, 1);
    await driver.write(offset, data);
    expectSame(await driver.read(offset, lengthBytes), data);
    // Its neighbours are as they were.
    if (offset > 0) expect(isZero(await driver.read(offset - BLOCK, BLOCK))).toBe(true);
    expect(isZero(await driver.read(offset + lengthBytes, BLOCK))).toBe(true);
  });

  it('reads back the last block of the volume', async () => {
    const driver = await bench.connect();
    const last = driver.geometry.volumeBytes - BLOCK;
    await driver.write(last, pattern(BLOCK, 2));
    expectSame(await driver.read(last, BLOCK), pattern(BLOCK, 2));
  });

  it('reads into memory of the caller', async () => {
    const driver = await bench.connect();
    await driver.write(0, pattern(4 * KIB, 3));
    const memory = new Uint8Array(5 * KIB).fill(0xee);
    await driver.readInto(0, memory.subarray(BLOCK, BLOCK + 4 * KIB));
    expectSame(memory.subarray(BLOCK, BLOCK + 4 * KIB), pattern(4 * KIB, 3));
    expect(memory[BLOCK - 1]).toBe(0xee);
    expect(memory[BLOCK + 4 * KIB]).toBe(0xee);
  });

  it('completes FUA writes and flushes', async () => {
    const driver = await bench.connect();
    await driver.write(0, pattern(4 * KIB, 4), { fua: true });
    await driver.write(4 * KIB, pattern(4 * KIB, 5));
    await driver.flush();
    expectSame(await driver.read(0, 4 * KIB), pattern(4 * KIB, 4));
  });

  it('reads zeroes after write-zeroes and after discard, and nothing else is touched', async () => {
    const driver = await bench.connect();
    const data = pattern(64 * KIB, 6);
    await driver.write(0, data);
    await driver.writeZeroes(3 * BLOCK, 9 * KIB);
    await driver.writeZeroes(20 * KIB, BLOCK, { fua: true });
    await driver.discard(32 * KIB, 5 * BLOCK);
    data.fill(0, 3 * BLOCK, 3 * BLOCK + 9 * KIB).fill(0, 20 * KIB, 20 * KIB + BLOCK).fill(0, 32 * KIB, 32 * KIB + 5 * BLOCK);
    expectSame(await driver.read(0, 64 * KIB), data);
  });

  it('clears the whole volume', async () => {
    const driver = await bench.connect();
    await driver.write(LEAST_VOLUME_BYTES - 4 * KIB, pattern(4 * KIB, 7));
    await driver.writeZeroes(0, driver.geometry.volumeBytes);
    expect(isZero(await driver.read(LEAST_VOLUME_BYTES - 4 * KIB, 4 * KIB))).toBe(true);
  });

  it('keeps to a plain model with many commands in flight', async () => {
    const driver = await bench.connect(DEPTH);
    const model = new VolumeModel(256 * KIB);
    const random = randomNumbers(8);
    for (let round = 0; round < 8; round += 1) {
      // One half is changed while the other is read, in turns: what a read finds that overlaps a write in
      // flight is not defined.
      const [changed, read] = round % 2 === 0 ? [0, 128 * KIB] : [128 * KIB, 0];
      const changes = Array.from({ length: DEPTH }, () => randomChange(driver, model, changed, random));
      const reads = Array.from({ length: DEPTH / 2 }, () => randomRead(driver, model, read, random));
      await Promise.all([...changes, ...reads]);
    }
    expectSame(await driver.read(0, model.bytes.length), model.bytes);
    expect(driver.anomalies).toEqual(noAnomalies);
  });

  it('lets the write that was submitted last win', async () => {
    const driver = await bench.connect(DEPTH);
    const model = new VolumeModel(64 * KIB);
    const random = randomNumbers(9);
    const writes: Promise<void>[] = [];
    for (let write = 1; write <= 3 * DEPTH; write += 1) {
      const offset = random(64) * BLOCK;
      const data = new Uint8Array((1 + random(64)) * BLOCK).fill(write);
      model.write(offset, data);
      writes.push(driver.write(offset, data));
    }
    await Promise.all(writes);
    expectSame(await driver.read(0, 64 * KIB), model.bytes);
  });

  it('lets a later write win over a long one that is still being split', async () => {
    const driver = await bench.connect(2);
    const long = pattern(1024 * KIB, 10);
    const short = pattern(BLOCK, 11);
    const late = 1024 * KIB - BLOCK;
    await Promise.all([driver.write(0, long), driver.write(late, short)]);
    long.set(short, late);
    expectSame(await driver.read(0, long.length), long);
  });
}

const HALF_BLOCKS = 256;
const MOST_BLOCKS = 16;

/** A range within the half of the model that begins at `base`. */
function randomRange(base: number, random: (below: number) => number): [offset: number, lengthBytes: number] {
  return [base + random(HALF_BLOCKS - MOST_BLOCKS) * BLOCK, (1 + random(MOST_BLOCKS)) * BLOCK];
}

/** Changes the model at once, as the card does in the order of submission. */
function randomChange(driver: HostDriver, model: VolumeModel, base: number, random: (below: number) => number): Promise<void> {
  const [offset, lengthBytes] = randomRange(base, random);
  const kind = random(8);
  if (kind === 0) return driver.flush();
  if (kind <= 2) {
    model.clear(offset, lengthBytes);
    return kind === 1 ? driver.writeZeroes(offset, lengthBytes) : driver.discard(offset, lengthBytes);
  }
  const data = pattern(lengthBytes, random(1_000_000));
  model.write(offset, data);
  return driver.write(offset, data, { fua: kind === 3 });
}

async function randomRead(driver: HostDriver, model: VolumeModel, base: number, random: (below: number) => number): Promise<void> {
  const [offset, lengthBytes] = randomRange(base, random);
  expectSame(await driver.read(offset, lengthBytes), model.bytes.subarray(offset, offset + lengthBytes));
}

/** Cheaper than `toEqual`, and says where. */
function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  if (Buffer.compare(actual, expected) === 0) return;
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  expect.fail(`differs first at byte ${String(at)}: ${String(actual[at])} instead of ${String(expected[at])}`);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
