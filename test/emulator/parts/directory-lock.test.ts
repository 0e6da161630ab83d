import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockDirectory } from '../../../emulator/parts/directory-lock.js';
import { temporaryDirectory } from '../support.js';

const IN_USE = expect.objectContaining({ code: 'CARD_DIRECTORY_IN_USE' });

/** Another process that holds the lock, made from the kernel's lock alone. */
async function otherProcess(directory: string): Promise<{ kill: () => Promise<void> }> {
  const extensions = createRequire(import.meta.url).resolve('fs-native-extensions');
  const script = `
    const fd = require('fs').openSync(${JSON.stringify(join(directory, 'lock'))}, 'a');
    console.log(require(${JSON.stringify(extensions)}).tryLock(fd));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  expect(line.toString().trim()).toBe('true');
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe("the lock of a card's directory", () => {
  it('is refused while another process has it, and free when that is killed', async () => {
    const directory = temporaryDirectory();
    const other = await otherProcess(directory);
    expect(() => lockDirectory(directory)).toThrow(IN_USE);
    await other.kill();
    lockDirectory(directory).release();
  });

  it('is refused a second time in the same process, until it is released', () => {
    const directory = temporaryDirectory();
    const lock = lockDirectory(directory);
    expect(() => lockDirectory(directory)).toThrow(IN_USE);
    lock.release();
    lockDirectory(directory).release();
  });

  it('says so when there is no such directory', () => {
    expect(() => lockDirectory('/not/there')).toThrow(expect.objectContaining({ code: 'CARD_DIRECTORY_NOT_USABLE' }));
  });
});
