import { openSync, writeSync, closeSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionLostError, HostDriver, serialTransport } from '../../host-driver/index.js';
import { openPtyPair, type PtyPair, socatIsMissing } from '../support/pty-pair.js';
import { FakeCard, type FakeCardOptions } from './fake-card.js';
import { openSerialLine } from './fake-lines.js';
import { pattern, randomNumbers } from './test-data.js';

const TIMEOUT_MS = 20_000;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function bench(options: FakeCardOptions = {}): Promise<{ card: FakeCard; ports: PtyPair; address: string }> {
  const ports = await openPtyPair();
  closers.push(() => ports.close());
  const line = await openSerialLine(ports.paths[1]);
  closers.push(() => line.closed());
  const card = new FakeCard(options);
  card.serve(line);
  return { card, ports, address: `serial://${ports.paths[0]}?baud=115200` };
}

async function connected(address: string): Promise<HostDriver> {
  const driver = await HostDriver.connect(address, { queueDepth: 32, timeoutMs: TIMEOUT_MS });
  closers.push(() => { driver.close(); });
  return driver;
}

describe.skipIf(socatIsMissing())('serial lines', { timeout: 2 * TIMEOUT_MS }, () => {
  it('repeats Connect until the card hears it', async () => {
    const { card, address } = await bench({ deafTo: 2 });
    await connected(address);
    expect(card.frames.filter(({ body }) => body.case === 'connect')).toHaveLength(3);
  });

  it('carries short frames, as a slow line wants them', async () => {
    const { address } = await bench();
    expect((await connected(address)).geometry.maxTransferBytes).toBe(4096);
  });

  it('is back in step after garbage from the card\'s side', async () => {
    const { ports, address } = await bench();
    const driver = await connected(address);
    await driver.write(0, pattern(4096, 1));
    const random = randomNumbers(2);
    const port = openSync(ports.paths[1], 'r+');
    for (let burst = 0; burst < 10; burst += 1) {
      writeSync(port, Uint8Array.from({ length: 1 + random(200) }, () => random(256)));
      // The zero that begins the next frame ends the garbage.
      expect(await driver.read(0, 4096)).toEqual(pattern(4096, 1));
    }
    closeSync(port);
    expect(driver.anomalies.unexpectedFrames).toBe(0);
  });

  it('moves much in both directions at once', async () => {
    const { address } = await bench();
    const driver = await connected(address);
    const lower = pattern(256 * 1024, 3);
    await driver.write(0, lower);
    const upper = pattern(256 * 1024, 4);
    const [read] = await Promise.all([driver.read(0, lower.length), driver.write(512 * 1024, upper)]);
    expect(Buffer.compare(read, lower)).toBe(0);
    expect(Buffer.compare(await driver.read(512 * 1024, upper.length), upper)).toBe(0);
  });

  it('does not come to a standstill with both directions full', async () => {
    const ports = await openPtyPair();
    closers.push(() => ports.close());
    const echo = await openSerialLine(ports.paths[1]);
    closers.push(() => echo.closed());
    echo.onFrame((frame) => { echo.send(frame); });
    const transport = await serialTransport(ports.paths[0], 115_200);
    closers.push(() => { transport.close(); });

    // Longer than a port's buffers, so that much is read of a frame before anything is said to it.
    const frame = pattern(64 * 1024, 5);
    let returned = 0;
    await new Promise<void>((resolve) => {
      transport.onFrame(() => {
        returned += 1;
        if (returned === 100) resolve();
        else transport.send([frame]);
      });
      for (let inFlight = 0; inFlight < 4; inFlight += 1) transport.send([frame]);
    });
  });

  it('can be opened again at once after it was closed', async () => {
    const { ports } = await bench();
    for (let round = 0; round < 50; round += 1) {
      const transport = await serialTransport(ports.paths[0], 115_200);
      transport.send([pattern(4096, round)]);
      transport.close();
    }
  });

  it('rejects when there is no such port, and says what to look at', async () => {
    const opening = serialTransport('/dev/no-such-port', 115_200);
    await expect(opening).rejects.toBeInstanceOf(ConnectionLostError);
    await expect(opening).rejects.toThrow(/is the port there, and free\?/);
  });
});
