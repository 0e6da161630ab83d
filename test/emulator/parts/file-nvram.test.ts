import { closeSync, openSync, readFileSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileNvram } from '../../../emulator/parts/file-nvram.js';
import { linePosition, STORED_LINE_BYTES } from '../../../emulator/parts/nvram-file-format.js';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import { pattern, recordingTrace, same, settled, temporaryDirectory } from '../support.js';

const SIZE_BYTES = 64 * 1024;
const LINES = SIZE_BYTES / NVRAM_LINE_BYTES;

function newNvram(): string {
  const path = join(temporaryDirectory(), 'nvram');
  const nvram = open(path);
  nvram.erase();
  nvram.close(true);
  return path;
}

function open(path: string, bootId = 'this boot', trace = recordingTrace()): FileNvram {
  return new FileNvram(path, SIZE_BYTES, bootId, trace);
}

function overwrite(path: string, position: number, bytes: Uint8Array): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, bytes, 0, bytes.length, position);
  closeSync(fd);
}

function flipBit(path: string, position: number): void {
  const before = readFileSync(path)[position] ?? 0;
  overwrite(path, position, Uint8Array.of(before ^ 0x10));
}

function recovered(nvram: FileNvram): Promise<void> {
  return settled<void>((done) => { nvram.recovered(done); });
}

describe('FileNvram', () => {
  it('powers up erased, without damage or doubt', () => {
    const image = open(newNvram()).powerUp();
    expect(image).toMatchObject({ damagedLines: [], doubtful: false });
    expect(same(image.bytes, new Uint8Array(SIZE_BYTES))).toBe(true);
  });

  it('keeps what was persisted over the loss of the process, as a second opening of the file shows', async () => {
    const path = newNvram();
    const lines = pattern(3 * NVRAM_LINE_BYTES, 1);
    const nvram = open(path);
    nvram.powerUp();
    await settled<void>((done) => { nvram.persist(5 * NVRAM_LINE_BYTES, lines, done); });
    const image = open(path).powerUp();
    expect(image).toMatchObject({ damagedLines: [], doubtful: false });
    expect(image.bytes.subarray(5 * NVRAM_LINE_BYTES, 8 * NVRAM_LINE_BYTES)).toEqual(lines);
  });

  it('persists its whole content in one call', async () => {
    const path = newNvram();
    const content = pattern(SIZE_BYTES, 2);
    await settled<void>((done) => { open(path).persist(0, content, done); });
    expect(same(open(path).powerUp().bytes, content)).toBe(true);
  });

  it('captures lines at the call', () => {
    const path = newNvram();
    const line = pattern(NVRAM_LINE_BYTES, 3);
    const kept = line.slice();
    open(path).persist(0, line, { succeed: () => undefined, fail: () => undefined });
    line.fill(0);
    expect(open(path).powerUp().bytes.subarray(0, NVRAM_LINE_BYTES)).toEqual(kept);
  });

  it('refuses what is not whole lines of it', () => {
    const nvram = open(newNvram());
    const done = { succeed: () => undefined, fail: () => undefined };
    expect(() => { nvram.persist(1, new Uint8Array(64), done); }).toThrow(/not lines/);
    expect(() => { nvram.persist(0, new Uint8Array(63), done); }).toThrow(/not lines/);
    expect(() => { nvram.persist(SIZE_BYTES, new Uint8Array(64), done); }).toThrow(/not lines/);
  });

  it.each([
    ['data', 0],
    ['its CRC', NVRAM_LINE_BYTES],
    ['its mark', NVRAM_LINE_BYTES + 4],
  ])('finds a flipped bit in a line: in %s', (_where, offset) => {
    const path = newNvram();
    flipBit(path, linePosition(7) + offset);
    expect(open(path).powerUp().damagedLines).toEqual([7]);
  });

  it('finds a line that was written to the wrong place', async () => {
    const path = newNvram();
    await settled<void>((done) => { open(path).persist(0, pattern(NVRAM_LINE_BYTES, 4), done); });
    const stored = readFileSync(path).subarray(linePosition(0), linePosition(1));
    overwrite(path, linePosition(9), stored);
    expect(open(path).powerUp().damagedLines).toEqual([9]);
  });

  it('reports damage again at each boot until the firmware has dealt with it, rewritten or not', async () => {
    const path = newNvram();
    flipBit(path, linePosition(3));
    flipBit(path, linePosition(8));
    const first = open(path);
    expect(first.powerUp().damagedLines).toEqual([3, 8]);
    const repaired = pattern(NVRAM_LINE_BYTES, 5);
    await settled<void>((done) => { first.persist(3 * NVRAM_LINE_BYTES, repaired, done); });

    const second = open(path);
    expect(second.powerUp().damagedLines).toEqual([3, 8]);
    await settled<void>((done) => { second.persist(3 * NVRAM_LINE_BYTES, repaired, done); });
    await recovered(second);

    const third = open(path).powerUp();
    expect(third.damagedLines).toEqual([]);
    expect(third.bytes.subarray(3 * NVRAM_LINE_BYTES, 4 * NVRAM_LINE_BYTES)).toEqual(repaired);
  });

  it('turns the missing lines of a truncated file into damaged ones, and brings it to size', async () => {
    const path = newNvram();
    const whole = statSync(path).size;
    truncateSync(path, linePosition(10) + 3);
    const trace = recordingTrace();
    const nvram = open(path, 'this boot', trace);
    const image = nvram.powerUp();
    expect(image.damagedLines).toEqual(Array.from({ length: LINES - 10 }, (_, i) => i + 10));
    expect(statSync(path).size).toBe(whole);
    expect(trace.names).toContain('nvram-length');
    await recovered(nvram);
    expect(open(path).powerUp().damagedLines).toEqual([]);
  });

  it.each([['an empty', 0], ['half a header as a', 64]])('takes %s file for wholly damaged and doubtful', (_what, bytes) => {
    const path = newNvram();
    truncateSync(path, bytes);
    const image = open(path).powerUp();
    expect(image.doubtful).toBe(true);
    expect(image.damagedLines).toHaveLength(LINES);
  });

  it('boots without the file: every line is damaged', () => {
    const image = open(join(temporaryDirectory(), 'nvram')).powerUp();
    expect(image.doubtful).toBe(true);
    expect(image.damagedLines).toHaveLength(LINES);
  });

  it('doubts everything when the header is damaged, and still tells good lines', () => {
    const path = newNvram();
    flipBit(path, 24);
    expect(open(path).powerUp()).toMatchObject({ doubtful: true, damagedLines: [] });
  });

  it('drops what is behind the last line', () => {
    const path = newNvram();
    overwrite(path, statSync(path).size, pattern(STORED_LINE_BYTES * 2, 6));
    expect(open(path).powerUp()).toMatchObject({ doubtful: false, damagedLines: [] });
    expect(statSync(path).size).toBe(linePosition(LINES));
  });

  describe('after a restart of the machine', () => {
    it('is doubtful without a clean shutdown, at each boot until the firmware has dealt with it', async () => {
      const path = newNvram();
      open(path, 'boot 1').powerUp();
      expect(open(path, 'boot 2').powerUp().doubtful).toBe(true);
      const again = open(path, 'boot 2');
      expect(again.powerUp().doubtful).toBe(true);
      await recovered(again);
      expect(open(path, 'boot 2').powerUp().doubtful).toBe(false);
    });

    it('is not doubtful after a clean shutdown', () => {
      const path = newNvram();
      const nvram = open(path, 'boot 1');
      nvram.powerUp();
      nvram.close(true);
      expect(open(path, 'boot 2').powerUp().doubtful).toBe(false);
    });

    it('stays doubtful over a clean shutdown that the firmware did not deal with it before', () => {
      const path = newNvram();
      open(path, 'boot 1').powerUp();
      const nvram = open(path, 'boot 2');
      nvram.powerUp();
      nvram.close(true);
      expect(open(path, 'boot 2').powerUp().doubtful).toBe(true);
    });
  });

  it('doubts the content without a clean shutdown where the machine does not name its boots', () => {
    const path = newNvram();
    open(path, '').powerUp();
    expect(open(path, '').powerUp().doubtful).toBe(true);
  });

  it('is not doubtful after a crash of the process alone', () => {
    const path = newNvram();
    open(path).powerUp();
    expect(open(path).powerUp().doubtful).toBe(false);
  });

  it('flushes', async () => {
    const nvram = open(newNvram());
    await expect(settled<void>((done) => { nvram.flush(done); })).resolves.toBeUndefined();
  });
});
