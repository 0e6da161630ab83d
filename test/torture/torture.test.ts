import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';

/** As `npm run torture` starts it: `npm test` builds it first. */
const PROGRAM = join(import.meta.dirname, '../../dist/test/torture/torture.js');
const LOOK_MS = 20;
/** Misfortune takes seconds; a machine where others work as well may take its time for what follows. */
const TEST_MS = 300_000;

interface Ended {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

const started: ChildProcess[] = [];
const directories: string[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

function torture(...args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  const output = { out: '', err: '' };
  child.stdout.on('data', (text: Buffer) => { output.out += text.toString(); });
  child.stderr.on('data', (text: Buffer) => { output.err += text.toString(); });
  return { child, ended: new Promise((resolve) => { child.on('close', (exitCode) => { resolve({ exitCode, ...output }); }); }) };
}

/** Waits until both cards have been started. */
async function cardsOf({ pid }: ChildProcess): Promise<number[]> {
  for (;;) {
    const cards = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').split(' ').filter((word) => word !== '').map(Number);
    if (cards.length === 2) return cards;
    await delay(LOOK_MS);
  }
}

function isThere(pid: number): boolean {
  return existsSync(`/proc/${String(pid)}`);
}

describe('torture', () => {
  it('tortures a pair for a while, compares both volumes at the end, and tells what it came to', async () => {
    const { exitCode, out, err } = await torture('--minutes', '0.08', '--seed', '7', '--json').ended;
    expect([exitCode, err.includes('seed 7')], err).toEqual([0, true]);
    const result = JSON.parse(out) as Record<string, unknown>;
    expect(result).toMatchObject({ seed: 7, outcome: 'held' });
    expect(result).not.toHaveProperty('directory');
    expect(Number(result['comparisons'])).toBeGreaterThan(0);
    expect(Number(result['synchronizations'])).toBeGreaterThan(0);
    expect(Number(result['acknowledgedCommands'])).toBeGreaterThan(0);
  }, TEST_MS);

  it('fails when a card ends that it did not kill: says so, with the seed, and keeps the files and logs', async () => {
    const { child, ended } = torture('--minutes', '5', '--seed', '8');
    const [card] = await cardsOf(child);
    process.kill(card ?? 0, 'SIGKILL');
    const { exitCode, out, err } = await ended;
    const directory = /kept in (\S+)\n/.exec(out)?.[1] ?? '';
    directories.push(directory);
    expect([exitCode, err.includes('FAILED, seed 8')], err).toEqual([1, true]);
    expect(err).toContain('SIGKILL');
    expect(['primary/nvram', 'secondary/volume.000', 'torture.log'].filter((name) => !existsSync(join(directory, name)))).toEqual([]);
  }, TEST_MS);

  it('ends by Ctrl-C, and leaves no card', async () => {
    const { child, ended } = torture('--minutes', '5');
    const cards = await cardsOf(child);
    child.kill('SIGINT');
    const { exitCode, out } = await ended;
    expect([exitCode, cards.filter(isThere)]).toEqual([130, []]);
    expect(out).toMatch(/^torture: interrupted; nothing had failed, after 0\.\d minutes, seed \d+\n/);
  }, TEST_MS);

  it.each([
    [['--minutes', '0'], 'It has to be a number of minutes above 0'],
    [['--minutes', 'long'], 'It has to be a number of minutes above 0'],
    [['--minutes', '1e3'], 'It has to be a number of minutes above 0'],
    [['--seed', '-1'], 'It has to be a whole number from 0'],
    [['--seed', '99999999999'], 'It has to be a whole number from 0'],
    [['--hours', '1'], "unknown option '--hours'"],
    [['soon'], 'too many arguments'],
  ])('refuses %j', async (args, sentence) => {
    const { exitCode, out, err } = await torture(...args).ended;
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toContain(sentence);
  });
});
