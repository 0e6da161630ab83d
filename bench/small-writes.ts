import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { build, type Histogram } from 'hdr-histogram-js';
import { HostDriver } from '../host-driver/index.js';
import { formatCard, startCard, synchronized } from './card.js';
import { fillRandom } from './random-data.js';
import type { Line, Section } from './report.js';

const MIB = 1024 * 1024;
const VOLUME_BYTES = 256 * MIB;
const BLOCK_BYTES = 4096;
const RUN_MS = 3000;

/** 4 KiB random writes to grains written before, through the host driver over TCP. */
export async function benchSmallWrites(directory: string): Promise<Section> {
  await formatCard(join(directory, 'primary'), VOLUME_BYTES);
  await formatCard(join(directory, 'secondary'), VOLUME_BYTES);
  const primary = await startCard(join(directory, 'primary'));
  const secondary = await startCard(join(directory, 'secondary'));
  const deep = await HostDriver.connect(primary.host, { queueDepth: 32 });
  try {
    await fillRandom(primary.driver, 0, VOLUME_BYTES);
    const lines: Line[] = [];
    const roundTrip = await measured(1, () => deep.readRegister('ID').then(() => undefined));
    lines.push(line('register read, depth 1 (the wire and two wake-ups)', roundTrip));
    for (const depth of [1, 32]) lines.push(line(`alone, depth ${String(depth)}`, await writes(deep, depth)));
    await primary.driver.establish({ secondaryName: 'bench' });
    for (const depth of [1, 32]) lines.push(line(`tracked (bits in NVRAM), depth ${String(depth)}`, await writes(deep, depth)));
    await secondary.driver.connectPeer({ address: primary.peer, conventional: true, overwrite: true });
    await synchronized(primary);
    for (const depth of [1, 32]) lines.push(line(`live-mirrored, depth ${String(depth)}`, await writes(deep, depth)));
    return { title: `4 KiB random writes over TCP, ${String(RUN_MS / 1000)} s each`, lines };
  } finally {
    deep.close();
    await primary.stop();
    await secondary.stop();
  }
}

interface Measured {
  readonly perSecond: number;
  readonly latencyUs: Histogram;
}

function writes(driver: HostDriver, depth: number): Promise<Measured> {
  const data = new Uint8Array(BLOCK_BYTES).fill(0xa5);
  return measured(depth, () => driver.write(randomInt(VOLUME_BYTES / BLOCK_BYTES) * BLOCK_BYTES, data));
}

async function measured(depth: number, operation: () => Promise<void>): Promise<Measured> {
  const latencyUs = build();
  const startMs = performance.now();
  const endMs = startMs + RUN_MS;
  let count = 0;
  const worker = async (): Promise<void> => {
    for (let now = performance.now(); now < endMs; count += 1) {
      await operation();
      const then = performance.now();
      latencyUs.recordValue(Math.max(1, Math.round((then - now) * 1000)));
      now = then;
    }
  };
  await Promise.all(Array.from({ length: depth }, worker));
  return { perSecond: (count * 1000) / (performance.now() - startMs), latencyUs };
}

function line(what: string, { perSecond, latencyUs }: Measured): Line {
  const p50 = latencyUs.getValueAtPercentile(50);
  const p99 = latencyUs.getValueAtPercentile(99);
  return { what, value: `${perSecond.toFixed(0)}/s, median ${String(p50)} µs, p99 ${String(p99)} µs` };
}
