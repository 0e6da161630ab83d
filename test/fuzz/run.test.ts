import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readCorpus } from './input-file.js';

/** As `npm run fuzz` runs it: `npm test` builds it first. */
const PROGRAM = join(import.meta.dirname, '../../dist/test/fuzz/run.js');

function fuzz(...args: readonly string[]): { readonly exitCode: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8' });
  return { exitCode: status, out: stdout, err: stderr };
}

it('fuzzes a target, and says how far it came', () => {
  const { exitCode, out, err } = fuzz('positions', '--minutes', '0.01', '--seed', '1');
  expect([exitCode, err]).toEqual([0, '']);
  expect(out).toMatch(/^positions: \d+ runs, \d+ inputs kept, \d+ outcomes, \d+ characters of code run \(\d+ at the start\), 0 findings\n$/m);
});

it('runs an input again', () => {
  const [file] = readCorpus('positions');
  expect(fuzz('positions', '--replay', file?.path ?? '')).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^(?:accepted|refused)/) });
});

it('says what targets there are', () => {
  expect(fuzz('nothing')).toMatchObject({ exitCode: 2, err: expect.stringContaining('there is no target "nothing"; there are varint-frames, ') });
});
