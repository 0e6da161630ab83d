import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addToResults, checkResults } from '../../../emulator/cli/simulate/results-file.js';
import { temporaryDirectory } from '../support.js';

const conditions = { faults: 'all', judge: 'rules', firmware: 'this', simulator: 'this' };
const run = { ...conditions, spans: [[1, 4], [9, 9]] as const, seeds: 5, failedSeeds: [], events: 10, simulatedHours: 1, seconds: 1, marks: { 'medium loaded': 2 } };

it('counts every run of those that end at the same time', async () => {
  const path = join(temporaryDirectory(), 'results.json');
  await Promise.all(Array.from({ length: 20 }, (_, index) => addToResults(path, { ...run, spans: [[index * 5, index * 5 + 4]] })));
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ version: 3, seeds: 100, events: 200, marks: { 'medium loaded': 40 } });
});

it('counts no seed twice, of a run that was cut short neither', async () => {
  const path = join(temporaryDirectory(), 'results.json');
  await addToResults(path, run);
  await checkResults(path, [5, 8], conditions);
  await checkResults(path, [10, 99], conditions);
  await checkResults(path, [1, 9], { ...conditions, judge: 'data' });
  for (const span of [[4, 5], [0, 100], [9, 9]] as const) await expect(checkResults(path, span, conditions)).rejects.toThrow('already, which would count twice');
});

it('does not add up what different firmwares have shown', async () => {
  const path = join(temporaryDirectory(), 'results.json');
  await addToResults(path, run);
  await expect(checkResults(path, [100, 200], { ...conditions, firmware: 'another' })).rejects.toThrow('another firmware has shown');
});

it.each<[string, object]>([
  ['a negative count', { events: -5 }],
  ['a count that is none', { seconds: 'long' }],
  ['an infinite mark', { marks: { 'medium loaded': null } }],
  ['no spans', { spans: undefined }],
  ['half a span', { spans: [[1]] }],
  ['no firmware', { firmware: undefined }],
  ['no simulator', { simulator: undefined }],
])('does not believe a file with %s', async (_what, change) => {
  const path = join(temporaryDirectory(), 'results.json');
  writeFileSync(path, JSON.stringify({ version: 3, runs: [{ ...run, ...change }] }));
  await expect(checkResults(path, [100, 200], conditions)).rejects.toThrow('cannot be read');
});

it('lets seeds that failed be run again, and no others', async () => {
  const path = join(temporaryDirectory(), 'results.json');
  await addToResults(path, { ...run, failedSeeds: [2, 3] });
  await checkResults(path, [2, 3], conditions);
  await expect(checkResults(path, [2, 4], conditions)).rejects.toThrow('count twice');
});

it('refuses seeds that another run has added meanwhile, and stays what it was', async () => {
  const path = join(temporaryDirectory(), 'results.json');
  await addToResults(path, { ...run, spans: [[1, 100]] });
  const before = readFileSync(path, 'utf8');
  await expect(addToResults(path, { ...run, spans: [[51, 150]] })).rejects.toThrow('holds seeds 1..100 already');
  expect(readFileSync(path, 'utf8')).toBe(before);
});
