import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { killAll, start } from './processes.js';

afterEach(killAll);

it('ends with the code of what it did, where nobody reads what it says', async () => {
  const { stdout, ended } = start('simulate', '--seeds', '1', '--faults', 'none', '--require-marks');
  stdout.destroy();
  expect((await ended).exitCode).toBe(3);
});

it('prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as { version: string };
  const { ended } = start('--version');
  expect(await ended).toEqual({ exitCode: 0, out: `${version}\n`, err: '' });
});

it('says so when what it has to say cannot be written', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../../dist/emulator/cli/grainlink.js'), '--help'], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  let err = '';
  child.stderr?.on('data', (text: Buffer) => { err += text.toString(); });
  const exitCode = await new Promise<number | null>((resolve) => { child.on('close', resolve); });
  expect([exitCode, err]).toEqual([5, expect.stringContaining('cannot be written')]);
});
