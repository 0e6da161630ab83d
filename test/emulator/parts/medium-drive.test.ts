import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileMediumDrive } from '../../../emulator/parts/medium-drive.js';
import type { MediumFile } from '../../../firmware/hal.js';
import { pattern, same, settled, temporaryDirectory } from '../support.js';

const open = (path: string, mode: 'create' | 'resume' | 'read'): Promise<MediumFile> =>
  settled<MediumFile>((done) => { fileMediumDrive.open(path, mode, done); });

describe('the medium drive', () => {
  it('writes parts one after the other, reads them back, cuts and flushes', async () => {
    const path = join(temporaryDirectory(), 'medium');
    const medium = await open(path, 'create');
    expect(medium.lengthBytes).toBe(0);
    const parts = [pattern(10, 1), pattern(0, 0), pattern(300_000, 2), pattern(7, 3)];
    await settled<void>((done) => { medium.write(4096, parts, done); });
    await settled<void>((done) => { medium.write(0, [], done); });
    const whole = Buffer.concat(parts);
    const into = new Uint8Array(whole.length);
    await settled<void>((done) => { medium.read(4096, into, done); });
    expect(same(into, whole)).toBe(true);
    await settled<void>((done) => { medium.truncate(4106, done); });
    await settled<void>((done) => { medium.flush(done); });
    await settled<void>((done) => { medium.close(done); });
    expect(readFileSync(path)).toHaveLength(4106);
    const resumed = await open(path, 'resume');
    expect(resumed.lengthBytes).toBe(4106);
    await settled<void>((done) => { resumed.close(done); });
  });

  it('fails with truncated where the medium ends before', async () => {
    const path = join(temporaryDirectory(), 'medium');
    writeFileSync(path, pattern(1000, 1));
    const medium = await open(path, 'read');
    await expect(settled<void>((done) => { medium.read(900, new Uint8Array(200), done); })).rejects.toMatchObject({ fault: { kind: 'truncated' } });
    await settled<void>((done) => { medium.close(done); });
  });

  it('names what is wrong in opening', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'medium');
    await expect(open(path, 'read')).rejects.toMatchObject({ fault: { kind: 'not-found' } });
    await expect(open(path, 'resume')).rejects.toMatchObject({ fault: { kind: 'not-found' } });
    writeFileSync(path, 'something');
    await expect(open(path, 'create')).rejects.toMatchObject({ fault: { kind: 'exists' } });
    expect(readFileSync(path, 'utf8')).toBe('something');
    await expect(open(directory, 'read')).rejects.toMatchObject({ fault: { kind: 'io' } });
    await expect(open(directory, 'resume')).rejects.toMatchObject({ fault: { kind: 'io' } });
    await expect(open(join(directory, 'no', 'medium'), 'create')).rejects.toMatchObject({ fault: { kind: 'not-found' } });
    expect(existsSync(join(directory, 'no'))).toBe(false);
  });

  it('refuses what is no file without waiting for it', async () => {
    const fifo = join(temporaryDirectory(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    await expect(open(fifo, 'read')).rejects.toMatchObject({ fault: { kind: 'io' } });
    await expect(open(fifo, 'resume')).rejects.toMatchObject({ fault: { kind: 'io' } });
    await expect(open('/dev/null', 'read')).rejects.toMatchObject({ fault: { kind: 'io' } });
  });

  it('does not call durable what was removed meanwhile', async () => {
    const path = join(temporaryDirectory(), 'medium');
    const medium = await open(path, 'create');
    await settled<void>((done) => { medium.write(0, [pattern(100, 1)], done); });
    await settled<void>((done) => { medium.flush(done); });
    rmSync(path);
    await expect(settled<void>((done) => { medium.flush(done); })).rejects.toMatchObject({ fault: { kind: 'io' } });
    await settled<void>((done) => { medium.close(done); });
  });

  it('reports a full device as such', async () => {
    const medium = await open(join(temporaryDirectory(), 'medium'), 'create');
    // Beyond what a file may be: the file system's own way to say full.
    await expect(settled<void>((done) => { medium.write(2 ** 52, [pattern(1, 1)], done); })).rejects.toMatchObject({ fault: { kind: 'no-space' } });
    await settled<void>((done) => { medium.close(done); });
  });
});
