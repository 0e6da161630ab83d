import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DemoResult } from '../../../emulator/cli/demo/result.js';
import { ExitCode } from '../../../emulator/cli/exit-codes.js';

/** The program as users run it: `npm test` builds it first. */
const PROGRAM = join(import.meta.dirname, '../../../dist/emulator/cli/grainlink.js');
const MIB = 1024 * 1024;
const GRAIN_BYTES = 64 * 1024;
const SIZE_BYTES = 64 * MIB;
/** Odd, so that the last block is filled up. */
const IMAGE_BYTES = 20 * MIB + 1234;
const DEMO_MS = 180_000;

let directory = '';
let demos: ChildProcessWithoutNullStreams[] = [];
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'grainlink-demo-test-')); });
afterEach(() => {
  for (const demo of demos) demo.kill('SIGKILL');
  demos = [];
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

interface Ended {
  readonly exitCode: number | null;
  readonly out: string;
}

/** Runs the demo in `directory`, where its own temporary directory comes to lie. */
function demo(...args: readonly string[]): { child: ChildProcessWithoutNullStreams; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [PROGRAM, 'demo', ...args], { env: { ...process.env, TMPDIR: directory } });
  demos.push(child);
  const ended = new Promise<Ended>((resolve) => {
    let out = '';
    child.stdout.on('data', (text: Buffer) => { out += text.toString(); });
    child.stderr.resume();
    child.on('close', (exitCode) => { resolve({ exitCode, out }); });
  });
  return { child, ended };
}

function image(): string {
  const path = join(directory, 'image');
  writeFileSync(path, randomBytes(IMAGE_BYTES));
  return path;
}

/** Command lines of processes that have to do with `directory`. */
function processesThere(): string[] {
  const lines = existsSync('/proc/self/cmdline')
    ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(commandLine)
    : execFileSync('ps', ['-A', '-o', 'args']).toString().split('\n');
  return lines.filter((line) => line.includes(directory));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // It has ended meanwhile.
  }
}

async function untilNone(processes: () => readonly string[]): Promise<void> {
  while (processes().length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('grainlink demo', () => {
  it('carries out the whole method, measures the conventional one on the same data, and leaves nothing behind', async () => {
    const { exitCode, out } = await demo('--image', image(), '--size', String(SIZE_BYTES), '--json').ended;
    const { volume, steps, thisMethod, resynchronization, conventional, lines, host, comparison } = JSON.parse(out) as DemoResult;
    expect(exitCode).toBe(ExitCode.OK);

    const filledBytes = Math.ceil(IMAGE_BYTES / 4096) * 4096;
    expect(volume).toMatchObject({ sizeBytes: SIZE_BYTES, grainBytes: GRAIN_BYTES, grainsTotal: SIZE_BYTES / GRAIN_BYTES, filledBytes });
    expect(steps.map(({ figure }) => figure).join(' ')).toContain('302');

    for (const { grainsSent, grainsDirtyBefore, grainsDirtyAtMost } of [thisMethod, resynchronization]) {
      expect(grainsSent).toBeGreaterThanOrEqual(grainsDirtyBefore);
      expect(grainsSent).toBeLessThanOrEqual(grainsDirtyAtMost);
      expect(grainsSent).toBeGreaterThan(0);
      expect(grainsSent).toBeLessThan(volume.grainsTotal / 2);
    }
    expect(thisMethod.mediumBytes).toBeGreaterThanOrEqual(filledBytes);
    expect(thisMethod.linkDataBytes).toBeLessThan(conventional.linkDataBytes);

    expect(conventional.grainsSent).toBe(volume.grainsTotal);
    expect(conventional.markerGrains).toBe(comparison.grainsNeverWritten);
    expect(conventional.linkDataBytes).toBe(volume.grainsWritten * GRAIN_BYTES);
    expect(conventional.linkMetadataBytes).toBeLessThan(conventional.linkDataBytes / 200);

    const [t1] = lines;
    const linkBytes = thisMethod.linkDataBytes + thisMethod.linkMetadataBytes;
    expect(t1?.thisMethodHours).toBeCloseTo((linkBytes * 8) / 1_544_000 / 3600, 9);
    expect(lines).toHaveLength(4);
    expect(host.writes).toBeGreaterThan(0);
    expect(host.longestGapMs).toBeGreaterThan(0);

    expect(comparison).toMatchObject({ equal: true, bytesCompared: SIZE_BYTES });
    // Rule 19: the secondary's disk held random bytes, and what is never written reads as zeroes none the less.
    expect(comparison.grainsNeverWritten).toBeGreaterThan(0);
    expect(comparison.grainsNeverWrittenOverOldBytes).toBe(comparison.grainsNeverWritten);
    expect(readdirSync(directory)).toEqual(['image']);
    expect(processesThere()).toEqual([]);
  }, DEMO_MS);

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves no process and no file behind after %s while the host writes', async (signal) => {
    const { child, ended } = demo('--size', '16MiB');
    for await (const line of createInterface(child.stdout)) if (line.startsWith('210, 218')) break;
    expect(processesThere()).not.toEqual([]);
    child.kill(signal);
    expect((await ended).exitCode).toBe(ExitCode.INTERRUPTED);
    expect(readdirSync(directory)).toEqual([]);
    expect(processesThere()).toEqual([]);
  }, DEMO_MS);

  it('leaves no file behind when nobody reads its output any more', async () => {
    const { child, ended } = demo('--size', '16MiB');
    child.stdout.destroy();
    await ended;
    expect(readdirSync(directory)).toEqual([]);
    await untilNone(processesThere);
  }, DEMO_MS);

  it('takes its cards with it when it is killed', async () => {
    const { child, ended } = demo('--size', '16MiB');
    for await (const line of createInterface(child.stdout)) if (line.startsWith('302')) break;
    child.kill('SIGKILL');
    await ended;
    await untilNone(processesThere);
  }, DEMO_MS);

  it.each([
    [['--size', '1MiB'], ExitCode.USAGE, 'USAGE'],
    [['--size', '64MiB', '--grain', '3KiB'], ExitCode.USAGE, 'GEOMETRY_INVALID'],
    [['--image', '/nowhere/at/all'], ExitCode.FILE, 'FILE_ERROR'],
  ])('refuses %j before anything is made', async (args, expected, code) => {
    const { exitCode, out } = await demo(...args, '--json').ended;
    expect(exitCode).toBe(expected);
    expect(JSON.parse(out)).toMatchObject({ error: { code } });
    expect(readdirSync(directory)).toEqual([]);
  }, DEMO_MS);
});
