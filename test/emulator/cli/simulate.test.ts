import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { REQUIRED_MARKS } from '../../../emulator/simulation/required-marks.js';
import { temporaryDirectory } from '../support.js';
import { grainlink, killAll, start } from './processes.js';

afterEach(killAll);

const simulate = (...args: string[]): ReturnType<typeof grainlink> => grainlink('simulate', ...args);

describe('simulate', () => {
  it('runs seeds on threads and tells what they came to', async () => {
    const { exitCode, out } = await simulate('--seeds', '1..3', '--jobs', '2', '--faults', 'power', '--json');
    expect(exitCode).toBe(0);
    const found = JSON.parse(out) as { seeds: number; failedSeeds: number; events: number; marks: Record<string, number>; failures: unknown[] };
    expect(found).toMatchObject({ seeds: 3, failedSeeds: 0, failures: [] });
    expect(found.events).toBeGreaterThan(3000);
    expect(Object.keys(found.marks).length).toBeGreaterThan(5);
  });

  it('writes every event of one seed, the same each time', async () => {
    const [one, other] = [join(temporaryDirectory(), 'one'), join(temporaryDirectory(), 'other')];
    for (const path of [one, other]) expect((await simulate('--seeds', '5', '--trace', path)).exitCode).toBe(0);
    const text = readFileSync(one, 'utf8');
    expect(text).toBe(readFileSync(other, 'utf8'));
    expect(text).toMatch(/\btrace hash [0-9a-f]{8}\nended well\n$/);
  });

  it('adds runs up in a file', async () => {
    const path = join(temporaryDirectory(), 'results.json');
    await simulate('--seeds', '1..2', '--results', path);
    await simulate('--seeds', '7', '--results', path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ version: 3, seeds: 3, failedSeeds: 0, openFailures: [], runs: [{ spans: [[1, 2]] }, { spans: [[7, 7]] }] });
  });

  it('refuses to count seeds twice in a file', async () => {
    const path = join(temporaryDirectory(), 'results.json');
    await simulate('--seeds', '1..2', '--results', path);
    const { exitCode, err } = await simulate('--seeds', '2..3', '--results', path);
    expect(exitCode).toBe(2);
    expect(err).toContain('holds seeds 1..2 already');
    expect((await simulate('--seeds', '2..3', '--faults', 'none', '--results', path)).exitCode).toBe(0);
  });

  it('takes probabilities in place of those of a set, and tells them apart in a file', async () => {
    const path = join(temporaryDirectory(), 'results.json');
    const hashOf = async (faults: string): Promise<unknown> => (JSON.parse((await simulate('--seeds', '3', '--json', '--faults', faults, '--results', path)).out) as { traceHash: unknown }).traceHash;
    const [late, lost] = [await hashOf('link,slow=0,frame-late=0.05'), await hashOf('link,frame-lost=0.05')];
    expect(late).not.toEqual(lost);
    const { runs } = JSON.parse(readFileSync(path, 'utf8')) as { runs: { faults: string }[] };
    expect(runs.map(({ faults }) => faults)).toEqual(['link,frame-late=0.05,slow=0', 'link,frame-lost=0.05']);
    // The same again, in another order.
    expect((await simulate('--seeds', '3', '--faults', 'link,frame-late=0.05,slow=0', '--results', path)).exitCode).toBe(2);
  });

  it('keeps what has ended when it is interrupted, and goes on with the rest', async () => {
    const path = join(temporaryDirectory(), 'results.json');
    const { child, ended } = start('simulate', '--seeds', '1..999999', '--results', path);
    await new Promise((resolve) => { child.stderr?.once('data', resolve); });
    child.kill('SIGINT');
    const { exitCode, err } = await ended;
    expect(exitCode).toBe(130);
    expect(err).toMatch(/Interrupted\. [1-9]\d* seeds had ended, and stand in /);
    const { seeds, runs: [run] } = JSON.parse(readFileSync(path, 'utf8')) as { seeds: number; runs: [{ spans: [number, number][] }] };
    expect(run.spans.reduce((sum, [first, last]) => sum + last - first + 1, 0)).toBe(seeds);
    expect((await simulate('--seeds', '1..2', '--results', path)).exitCode).toBe(2);
    expect((await simulate('--seeds', '999999', '--results', path)).exitCode).toBe(0);
  });

  it('counts in the whole file where what is required adds up', async () => {
    const path = join(temporaryDirectory(), 'results.json');
    const counts = Object.fromEntries(REQUIRED_MARKS.map((name) => [name, 99]));
    await simulate('--seeds', '7', '--results', path);
    const { version, runs: [run] } = JSON.parse(readFileSync(path, 'utf8')) as { version: number; runs: [object] };
    writeFileSync(path, JSON.stringify({ version, runs: [{ ...run, marks: counts }] }));
    expect((await simulate('--seeds', '1', '--results', path, '--require-marks', '99')).exitCode).toBe(0);
    const { exitCode, err } = await simulate('--seeds', '2', '--results', path, '--require-marks', '1000000');
    expect(exitCode).toBe(3);
    expect(err).toContain('reach 1000000 times');
  });

  it('tells one hash of all seeds, whatever threads they were run by', async () => {
    const hashes = await Promise.all(['1', '2'].map(async (jobs) => (JSON.parse((await simulate('--seeds', '1..4', '--jobs', jobs, '--json')).out) as { traceHash: string }).traceHash));
    expect(hashes[0]).toMatch(/^[0-9a-f]{8}$/);
    expect(hashes[1]).toBe(hashes[0]);
  });

  it('says what its seeds have not reached, and fails for it where all is required', async () => {
    const { exitCode, out } = await simulate('--seeds', '1', '--faults', 'none');
    expect([exitCode, out.includes('not reached, though a long run has to')]).toEqual([0, true]);
    const required = await simulate('--seeds', '1', '--faults', 'none', '--require-marks', '--json');
    expect(required.exitCode).toBe(3);
    expect(JSON.parse(required.out)).toMatchObject({ error: { code: 'NOT_REACHED' }, failedSeeds: 0 });
  });

  it.each(['garbage', 'null', '{"version": 7}', '{"version": 3, "runs": [null]}', '{"version": 3, "runs": [{"seeds": "a", "failedSeeds": [], "marks": {}}]}'])('leaves a file alone that holds something else, before the first seed: %s', async (content) => {
    const path = join(temporaryDirectory(), 'results.json');
    writeFileSync(path, content);
    const { exitCode, err } = await simulate('--seeds', '1..999999', '--results', path);
    expect([exitCode, readFileSync(path, 'utf8'), existsSync(`${path}.new`)]).toEqual([5, content, false]);
    expect(err).toContain('cannot be read');
  });

  it('runs no seed whose result could not be added to the file', async () => {
    const { exitCode, err } = await simulate('--seeds', '1..999999', '--results', join(temporaryDirectory(), 'nowhere', 'results.json'));
    expect(exitCode).toBe(5);
    expect(err).toContain('cannot be written');
  });

  it.each([
    [['--seeds', '5..3'], '"5..3" is not one number'],
    [['--seeds', 'all'], '"all" is not one number'],
    [['--faults', 'fire'], '"fire" is none of none, power'],
    [['--faults', 'toString'], '"toString" is none of none, power'],
    [['--faults', 'frame-lost=0.1'], '"frame-lost=0.1" is none of none, power'],
    [['--faults', 'all,frames=0.1'], '"frames=0.1" is no probability as in frame-lost=0.01'],
    [['--faults', 'all,toString=1'], '"toString=1" is no probability'],
    [['--faults', 'all,slow=1.5'], '"1.5" for slow is not a number from 0 to 1'],
    [['--faults', 'all,slow=-0'], '"-0" for slow is not a number'],
    [['--faults', 'all,slow=0,slow=0.1'], 'names a probability twice'],
    [['--jobs', '0'], '"0" is not a whole number'],
    [['--jobs', '0x2'], '"0x2" is not a whole number'],
    [['--require-marks', 'all'], '"all" is not a whole number'],
    [['--seeds', '1..2', '--trace', '/tmp/never'], 'for one seed'],
  ])('refuses %j', async (args, sentence) => {
    const { exitCode, out, err } = await simulate(...args);
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toContain(sentence);
  });
});

describe('simulate --exhaustive', () => {
  it('tries a sequence and tells what it came to', async () => {
    const { exitCode, out } = await simulate('--exhaustive', '--from', 'broken', '--sequence', 'flush', '--json');
    expect(exitCode).toBe(0);
    const found = JSON.parse(out) as { points: number; crashStates: number; distinctCrashStates: number; oneSidedCuts: number };
    expect(found).toMatchObject({ stations: 1, sequences: { 1: 1 }, passages: 1, failed: 0, failures: [] });
    for (const count of [found.points, found.distinctCrashStates, found.oneSidedCuts]) expect(count).toBeGreaterThan(0);
    expect(found.crashStates).toBeGreaterThanOrEqual(found.distinctCrashStates);
  });

  it('ends when so many crash states have been tried, and says how much of all that was', async () => {
    const { exitCode, out } = await simulate('--exhaustive', '--from', 'broken', '--operations', '2', '--states', '1', '--jobs', '1');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/sequences {9}\d+ of 14 with 1 operation\n/);
    expect(out).toMatch(/failures {10}0\n/);
  });

  it.each([
    [['--from', 'nowhere'], '"nowhere" is none of fresh, established'],
    [['--sequence', 'write,sing'], '"sing" is none of write, partial write'],
    [['--operations', '4'], '"4" is not a whole number from 1 to 3'],
    [['--states', '0'], '"0" is not a whole number from 1 on'],
    [['--sequence', 'write,write,write,write'], '4 operations are more than the 3'],
    [['--sequence', 'write', '--operations', '2'], "cannot be used with option '--operations"],
    [['--cuts', 'some'], '"some" is none of all, both'],
    [['--seeds', '1..2'], "cannot be used with option '--seeds"],
  ])('refuses %j', async (args, sentence) => {
    const { exitCode, out, err } = await simulate('--exhaustive', ...args);
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toContain(sentence);
  });

  it.each([['--states', '5'], ['--operations', '1'], ['--cuts', 'both']])('refuses %s where it is not asked for', async (...args) => {
    const { exitCode, err } = await simulate(...args);
    expect(exitCode).toBe(2);
    expect(err).toContain(`${args[0]} goes with --exhaustive`);
  });
});
