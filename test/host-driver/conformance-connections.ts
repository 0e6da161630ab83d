import { expect, it } from 'vitest';
import { ConnectionLostError } from '../../host-driver/index.js';
import type { Bench } from './conformance-bench.js';
import { pattern, randomNumbers } from './test-data.js';

const BLOCK = 512;
const KIB = 1024;
const WRITE_BYTES = 4 * KIB;
const WRITES = 64;

export function conformanceOfConnections(bench: Bench): void {
  it('grants at most the depth asked for, and at least one', async () => {
    const driver = await bench.connect(1);
    expect(driver.geometry.queueDepth).toBe(1);
    await Promise.all([driver.write(0, pattern(BLOCK, 1)), driver.flush(), driver.write(BLOCK, pattern(BLOCK, 2))]);
    expect(await driver.read(BLOCK, BLOCK)).toEqual(pattern(BLOCK, 2));
  });

  it('shows a second connection what the first wrote', async () => {
    const first = await bench.connect();
    await first.write(0, pattern(WRITE_BYTES, 3));
    if (!bench.target.manyLines) first.close();
    const second = await bench.connect();
    expect(await second.read(0, WRITE_BYTES)).toEqual(pattern(WRITE_BYTES, 3));
    await second.write(0, pattern(WRITE_BYTES, 4));
    if (bench.target.manyLines) expect(await first.read(0, WRITE_BYTES)).toEqual(pattern(WRITE_BYTES, 4));
  });

  it('answers a host that hung up with commands in flight when it comes again, with nothing acknowledged lost', async () => {
    const random = randomNumbers(6);
    for (let round = 0; round < 4; round += 1) {
      const driver = await bench.connect();
      const acknowledged = new Set<number>();
      const losses: unknown[] = [];
      const writes = Array.from({ length: WRITES }, (_, index) =>
        driver.write(index * WRITE_BYTES, pattern(WRITE_BYTES, round * WRITES + index), { fua: true }).then(
          () => acknowledged.add(index),
          (error: unknown) => losses.push(error),
        ),
      );
      await Promise.all(writes.slice(0, random(WRITES / 2)));
      driver.close();
      await Promise.all(writes);
      expect(losses.every((error) => error instanceof ConnectionLostError)).toBe(true);
      expect(acknowledged.size + losses.length).toBe(WRITES);

      const again = await bench.connect();
      for (const index of acknowledged) {
        const data = pattern(WRITE_BYTES, round * WRITES + index);
        expect(Buffer.compare(await again.read(index * WRITE_BYTES, WRITE_BYTES), data), `write ${String(index)}`).toBe(0);
      }
      again.close();
    }
  });

  it('carries out whole commands or nothing of those that were in flight', async () => {
    const driver = await bench.connect();
    const writes = Array.from({ length: WRITES }, (_, index) => driver.write(index * BLOCK, pattern(BLOCK, index)).catch(() => undefined));
    driver.close();
    await Promise.all(writes);
    const again = await bench.connect();
    for (let index = 0; index < WRITES; index += 1) {
      const found = Buffer.from(await again.read(index * BLOCK, BLOCK));
      const old = found.every((byte) => byte === 0);
      expect(old || found.equals(pattern(BLOCK, index)), `block ${String(index)}`).toBe(true);
    }
  });
}
