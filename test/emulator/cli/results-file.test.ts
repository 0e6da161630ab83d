import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addToResults } from '../../../emulator/cli/simulate/results-file.js';
import { temporaryDirectory } from '../support.js';

const run = { first: 1, last: 1, faults: 'all', judge: 'rules', seeds: 1, failedSeeds: [], events: 10, simulatedHours: 1, seconds: 1, marks: { 'medium loaded': 2 } };

it('counts every run of those that end at the same time', async () => {
  const path = join(temporaryDirectory(), 'results.json');
  await Promise.all(Array.from({ length: 20 }, () => addToResults(path, run)));
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ seeds: 20, events: 200, marks: { 'medium loaded': 40 } });
});
