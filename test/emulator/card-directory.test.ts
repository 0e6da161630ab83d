import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBoardFile } from '../../emulator/board-file.js';
import { formatDirectory, geometryFor } from '../../emulator/card-directory.js';
import { openStorage, volumeFiles } from '../../emulator/card-storage.js';
import { lockDirectory } from '../../emulator/parts/directory-lock.js';
import { pattern, recordingTrace, settled, temporaryDirectory } from './support.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const TIB = 1024 * 1024 * MIB;

const failsWith = (code: string, message?: RegExp): unknown =>
  expect.objectContaining({ code, ...(message === undefined ? {} : { message: expect.stringMatching(message) as string }) });

describe('formatting a directory', () => {
  it('makes a card that reads back as it was asked for', async () => {
    const directory = join(temporaryDirectory(), 'new', 'card');
    const wish = { sizeBytes: 16 * MIB, grainBytes: 64 * KIB, nvramBytes: 128 * KIB, storeBytes: 1 * MIB };
    expect(await formatDirectory(directory, wish)).toEqual(wish);
    expect(readBoardFile(directory)).toEqual(wish);
    const trace = recordingTrace();
    const storage = openStorage(directory, wish, trace);
    const image = storage.nvram.powerUp();
    expect(image).toMatchObject({ damagedLines: [], doubtful: false });
    expect(image.bytes.some((byte) => byte !== 0)).toBe(true);
    expect(trace.names).toEqual([]);
    await storage.close(true);
  });

  it('costs next to nothing on the disk, however large the volume is', async () => {
    const directory = temporaryDirectory();
    await formatDirectory(directory, { sizeBytes: 3 * TIB });
    const files = volumeFiles(directory, 3 * TIB).map(({ path }) => statSync(path));
    expect(files.map(({ size }) => size)).toEqual([TIB, TIB, TIB]);
    expect(files.reduce((sum, { blocks }) => sum + blocks * 512, 0)).toBeLessThan(MIB);
    expect(statSync(join(directory, 'store')).blocks * 512).toBeLessThan(MIB);
  });

  it('keeps what a disk held before (rule 19 makes it read as zeroes), and brings it to size', async () => {
    const directory = temporaryDirectory();
    const before = pattern(3 * MIB, 1);
    writeFileSync(join(directory, 'volume.000'), before);
    await formatDirectory(directory, { sizeBytes: 2 * MIB });
    const after = readFileSync(join(directory, 'volume.000'));
    const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
    expect(after).toHaveLength(2 * MIB);
    expect(digest(after)).toBe(digest(before.subarray(0, 2 * MIB)));
  });

  it('refuses a directory that holds a card, and leaves that as it is', async () => {
    const directory = temporaryDirectory();
    await formatDirectory(directory, { sizeBytes: 2 * MIB });
    const nvram = readFileSync(join(directory, 'nvram'));
    await expect(formatDirectory(directory, { sizeBytes: 4 * MIB })).rejects.toThrow(failsWith('CARD_DIRECTORY_HAS_CARD'));
    expect(readFileSync(join(directory, 'nvram')).equals(nvram)).toBe(true);
    expect(readBoardFile(directory).sizeBytes).toBe(2 * MIB);
  });

  it('refuses a directory that is in use', async () => {
    const directory = temporaryDirectory();
    const lock = lockDirectory(directory);
    await expect(formatDirectory(directory, { sizeBytes: 2 * MIB })).rejects.toThrow(failsWith('CARD_DIRECTORY_IN_USE'));
    lock.release();
    await formatDirectory(directory, { sizeBytes: 2 * MIB });
  });

  it('can be done again where it was cut off', async () => {
    const directory = temporaryDirectory();
    await formatDirectory(directory, { sizeBytes: 2 * MIB });
    rmSync(join(directory, 'board.json'));
    truncateSync(join(directory, 'nvram'), 100);
    await formatDirectory(directory, { sizeBytes: 2 * MIB });
    const storage = openStorage(directory, readBoardFile(directory), recordingTrace());
    expect(storage.nvram.powerUp().damagedLines).toEqual([]);
    await storage.close(false);
  });

  it('refuses what cannot be a directory', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    await expect(formatDirectory(file, { sizeBytes: 2 * MIB })).rejects.toThrow(failsWith('CARD_DIRECTORY_NOT_USABLE'));
    await expect(formatDirectory(join(file, 'a', 'b'), { sizeBytes: 2 * MIB })).rejects.toThrow(failsWith('CARD_DIRECTORY_NOT_USABLE'));
  });

  it.skipIf(process.platform !== 'linux')('refuses a place where nothing can be made, and does not try for ever', async () => {
    await expect(formatDirectory('/proc/card', { sizeBytes: 2 * MIB })).rejects.toThrow(failsWith('CARD_DIRECTORY_NOT_USABLE'));
    await expect(formatDirectory('/proc/cards/one', { sizeBytes: 2 * MIB })).rejects.toThrow(failsWith('CARD_DIRECTORY_NOT_USABLE'));
  });

  it.each([
    [{ sizeBytes: 1 }, /volume size/],
    [{ sizeBytes: 32 * TIB }, /volume size/],
    [{ sizeBytes: Number.NaN }, /volume size/],
    [{ sizeBytes: 2 * MIB + 512 }, /4 KiB/],
    [{ sizeBytes: 2 * MIB, grainBytes: 5000 }, /power of two/],
    [{ sizeBytes: 2 * MIB, grainBytes: 4 * MIB }, /exceed/],
    [{ sizeBytes: 2 * MIB, nvramBytes: 1000 }, /NVRAM size/],
    [{ sizeBytes: 16 * TIB, nvramBytes: 64 * KIB }, /larger NVRAM/],
    [{ sizeBytes: 2 * MIB, storeBytes: 1 }, /store/],
  ])('refuses %o, and makes nothing', async (wish, message) => {
    const directory = join(temporaryDirectory(), 'card');
    await expect(formatDirectory(directory, wish)).rejects.toThrow(failsWith('GEOMETRY_INVALID', message));
    expect(existsSync(directory)).toBe(false);
  });

  it.each([
    [1 * MIB, 64 * KIB],
    [1 * TIB, 256 * KIB],
    [16 * TIB, 4 * MIB],
  ])('chooses the grain size for %d bytes', (sizeBytes, grainBytes) => {
    expect(geometryFor({ sizeBytes }).grainBytes).toBe(grainBytes);
  });
});

describe("reading a card's directory", () => {
  it('says when there is none', () => {
    expect(() => readBoardFile(temporaryDirectory())).toThrow(failsWith('CARD_DIRECTORY_HAS_NO_CARD', /card format/));
    expect(() => readBoardFile('/not/there')).toThrow(failsWith('CARD_DIRECTORY_HAS_NO_CARD'));
  });

  it.each([
    ['', /cannot be read/],
    ['[]', /formatVersion/],
    ['null', /no object/],
    ['{"formatVersion":2}', /version 2/],
    ['{"formatVersion":1,"sizeBytes":"2097152","grainBytes":65536,"nvramBytes":65536,"storeBytes":65536}', /"sizeBytes"/],
    ['{"formatVersion":1,"sizeBytes":2097152,"grainBytes":65536,"nvramBytes":65536}', /"storeBytes"/],
    ['{"formatVersion":1,"sizeBytes":2097152,"grainBytes":65537,"nvramBytes":65536,"storeBytes":65536}', /power of two/],
    [`"${'x'.repeat(100_000)}"`, /cannot be read/],
  ])('refuses a board file that holds %s', (content, message) => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'board.json'), content);
    expect(() => readBoardFile(directory)).toThrow(failsWith('CARD_DIRECTORY_DAMAGED', message));
  });

  it.each(['volume.000', 'store'])('refuses to power up with %s missing or cut short: what is lost must not read as zeroes', async (name) => {
    const directory = temporaryDirectory();
    const geometry = await formatDirectory(directory, { sizeBytes: 2 * MIB });
    truncateSync(join(directory, name), 4096);
    expect(() => openStorage(directory, geometry, recordingTrace())).toThrow(failsWith('CARD_DIRECTORY_DAMAGED', /4096 bytes/));
    rmSync(join(directory, name));
    expect(() => openStorage(directory, geometry, recordingTrace())).toThrow(failsWith('CARD_DIRECTORY_DAMAGED', /missing/));
    expect(existsSync(join(directory, name))).toBe(false);
    mkdirSync(join(directory, name));
    expect(() => openStorage(directory, geometry, recordingTrace())).toThrow(failsWith('CARD_DIRECTORY_DAMAGED'));
  });

  it('brings a missing reserved part to size: the firmware finds out what is gone', async () => {
    const directory = temporaryDirectory();
    const geometry = await formatDirectory(directory, { sizeBytes: 2 * MIB });
    rmSync(join(directory, 'reserved'));
    const storage = openStorage(directory, geometry, recordingTrace());
    const into = new Uint8Array(512).fill(1);
    await settled<void>((done) => { storage.reserved.read(0, into, done); });
    expect(into.every((byte) => byte === 0)).toBe(true);
    await storage.close(false);
  });
});
