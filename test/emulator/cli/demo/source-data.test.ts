import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageData, machineData, type SourceData } from '../../../../emulator/cli/demo/source-data.js';

const BLOCK = 4096;
const MIB = 1024 * 1024;

let directory = '';
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'grainlink-source-')); });
afterEach(() => { rmSync(directory, { recursive: true, force: true }); });

async function allOf({ chunks }: SourceData): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) {
    expect(chunk.length % BLOCK).toBe(0);
    all.push(chunk);
  }
  return Buffer.concat(all);
}

describe('the data that the demo fills a volume with', () => {
  it('is the image, its last block filled up with zeroes', async () => {
    const path = join(directory, 'image');
    const content = randomBytes(9 * MIB + 5);
    writeFileSync(path, content);
    const data = await allOf(imageData(path));
    expect(data.length).toBe(9 * MIB + BLOCK);
    expect(data.subarray(0, content.length).equals(content)).toBe(true);
    expect(data.subarray(content.length).every((byte) => byte === 0)).toBe(true);
  });

  it('is otherwise real files of this machine, as much as asked for and the same every time', async () => {
    const source = machineData(5 * MIB + BLOCK);
    const data = await allOf(source);
    expect(data.length).toBe(5 * MIB + BLOCK);
    expect(source.files()).toBeGreaterThan(0);
    expect((await allOf(machineData(5 * MIB + BLOCK))).equals(data)).toBe(true);
  });
});
