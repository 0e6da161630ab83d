import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileDisk } from '../../../emulator/parts/file-disk.js';
import { pattern, same, settled, temporaryDirectory } from '../support.js';

const KIB = 1024;
const SEGMENT_BYTES = 256 * KIB;

function newDisk(sizeBytes: number, segmentBytes = SEGMENT_BYTES): { disk: FileDisk; paths: string[] } {
  const directory = temporaryDirectory();
  const paths: string[] = [];
  for (let start = 0; start < sizeBytes; start += segmentBytes) {
    const path = join(directory, `segment.${String(paths.length)}`);
    writeFileSync(path, '');
    truncateSync(path, Math.min(segmentBytes, sizeBytes - start));
    paths.push(path);
  }
  return { disk: new FileDisk('disk', paths, segmentBytes, sizeBytes), paths };
}

const write = (disk: FileDisk, offset: number, from: Uint8Array): Promise<void> =>
  settled<void>((done) => { disk.write(offset, from, done); });
const zero = (disk: FileDisk, offset: number, length: number): Promise<void> =>
  settled<void>((done) => { disk.zero(offset, length, done); });
const flush = (disk: FileDisk): Promise<void> => settled<void>((done) => { disk.flush(done); });
async function read(disk: FileDisk, offset: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length).fill(0xee);
  await settled<void>((done) => { disk.read(offset, into, done); });
  return into;
}

describe('FileDisk', () => {
  it.each([512, 64 * KIB, 200 * KIB])('reads back %d bytes it wrote', async (length) => {
    const { disk } = newDisk(SEGMENT_BYTES);
    const content = pattern(length, length);
    await write(disk, 4096, content);
    expect(same(await read(disk, 4096, length), content)).toBe(true);
  });

  it.each([4 * KIB, 600 * KIB])('splits %d bytes at the segments, in writing, reading and zeroing', async (length) => {
    const { disk, paths } = newDisk(4 * SEGMENT_BYTES);
    const offset = SEGMENT_BYTES - 2 * KIB;
    const content = pattern(length, 1);
    await write(disk, offset, content);
    expect(same(await read(disk, offset, length), content)).toBe(true);
    const files = Buffer.concat(paths.map((path) => readFileSync(path)));
    expect(same(files.subarray(offset, offset + length), content)).toBe(true);
    await zero(disk, offset, length);
    expect(same(await read(disk, offset, length), new Uint8Array(length))).toBe(true);
    expect(Buffer.concat(paths.map((path) => readFileSync(path))).every((byte) => byte === 0)).toBe(true);
  });

  it.each([4 * KIB, 128 * KIB])('reads zeroes where a file ends early: %d bytes', async (length) => {
    const { disk, paths } = newDisk(SEGMENT_BYTES);
    const content = pattern(1024, 2);
    await write(disk, 0, content);
    truncateSync(paths[0] ?? '', 1024);
    const expected = new Uint8Array(length);
    expected.set(content);
    expect(same(await read(disk, 0, length), expected)).toBe(true);
  });

  it('leaves the neighbours of a zeroed range alone, and the length of the file', async () => {
    const { disk, paths } = newDisk(SEGMENT_BYTES);
    const content = pattern(SEGMENT_BYTES, 3);
    await write(disk, 0, content);
    await zero(disk, 512, 1024);
    await zero(disk, 96 * KIB, 100 * KIB);
    content.fill(0, 512, 1536);
    content.fill(0, 96 * KIB, 196 * KIB);
    expect(same(await read(disk, 0, SEGMENT_BYTES), content)).toBe(true);
    expect(statSync(paths[0] ?? '').size).toBe(SEGMENT_BYTES);
  });

  it('gives space back when zeroing', async () => {
    const { disk, paths } = newDisk(4 * 1024 * KIB, 4 * 1024 * KIB);
    await write(disk, 0, pattern(4 * 1024 * KIB, 4));
    await flush(disk);
    const before = statSync(paths[0] ?? '').blocks;
    await zero(disk, 0, 3 * 1024 * KIB);
    await flush(disk);
    expect(statSync(paths[0] ?? '').blocks).toBeLessThan(before / 2);
  });

  it('flushes after writes, again with nothing to do, and several times at once', async () => {
    const { disk } = newDisk(2 * SEGMENT_BYTES);
    await write(disk, 0, pattern(300 * KIB, 5));
    await Promise.all([flush(disk), flush(disk)]);
    await flush(disk);
  });

  it('refuses what is not on it', () => {
    const { disk } = newDisk(SEGMENT_BYTES);
    const done = { succeed: () => undefined, fail: () => undefined };
    expect(() => { disk.read(SEGMENT_BYTES, new Uint8Array(512), done); }).toThrow(/not on disk/);
    expect(() => { disk.write(-512, new Uint8Array(512), done); }).toThrow(/not on disk/);
    expect(() => { disk.zero(0, SEGMENT_BYTES + 512, done); }).toThrow(/not on disk/);
  });

  it('lets operations under way end before it closes', async () => {
    const { disk, paths } = newDisk(SEGMENT_BYTES);
    const content = pattern(200 * KIB, 6);
    const writing = write(disk, 0, content);
    await disk.close();
    await writing;
    expect(same(readFileSync(paths[0] ?? '').subarray(0, content.length), content)).toBe(true);
  });

  it.each([4 * KIB, 128 * KIB])('reports a failing device as a fault: %d bytes', async (length) => {
    // Always full: the kernel's own stand-in for a device without space.
    const disk = new FileDisk('disk', ['/dev/full'], SEGMENT_BYTES, SEGMENT_BYTES);
    await expect(write(disk, 0, new Uint8Array(length))).rejects.toMatchObject({ fault: { kind: 'no-space' } });
  });

  it('makes durable with its first flush what a process that was killed has left', async () => {
    await expect(flush(new FileDisk('disk', ['/dev/null'], SEGMENT_BYTES, SEGMENT_BYTES))).rejects.toMatchObject({ fault: { kind: 'io' } });
  });

  it('never flushes again after a flush that failed: what it lost, the kernel has forgotten', async () => {
    // A device that takes writes, and has nothing that could be synced.
    const disk = new FileDisk('disk', ['/dev/null'], SEGMENT_BYTES, SEGMENT_BYTES);
    await write(disk, 0, new Uint8Array(512));
    await expect(flush(disk)).rejects.toMatchObject({ fault: { kind: 'io' } });
    await expect(flush(disk)).rejects.toMatchObject({ fault: { kind: 'io' } });
  });
});
