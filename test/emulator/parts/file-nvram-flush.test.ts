import { fdatasync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { FileNvram } from '../../../emulator/parts/file-nvram.js';
import { recordingTrace, settled, temporaryDirectory } from '../support.js';

// No file system can be made to fail once: it is a call that fails in its place.
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  return { ...fs, fdatasync: vi.fn(fs.fdatasync) };
});

const flush = (nvram: FileNvram): Promise<void> => settled<void>((done) => { nvram.flush(done); });

it('flushes no more after a flush that failed, and is in doubt: what it lost, the kernel has forgotten', async () => {
  const path = join(temporaryDirectory(), 'nvram');
  const open = (bootId: string): FileNvram => new FileNvram(path, 64 * 1024, bootId, recordingTrace());
  const nvram = open('one boot');
  nvram.erase();
  nvram.powerUp();
  await flush(nvram);
  vi.mocked(fdatasync).mockImplementationOnce((_fd, done) => { done(Object.assign(new Error('i/o error'), { code: 'EIO' })); });
  await expect(flush(nvram)).rejects.toMatchObject({ fault: { part: 'nvram', kind: 'io' } });
  await expect(flush(nvram)).rejects.toMatchObject({ fault: { part: 'nvram', kind: 'io' } });
  nvram.close(true);
  expect(open('another boot').powerUp().doubtful).toBe(true);
});
