import { describe, expect, test } from 'vitest';
import { FAULT_SETS, NO_FAULTS } from '../../../emulator/simulation/faults.js';
import { ReusedMemory } from '../../../emulator/simulation/reused-memory.js';
import { runSeed, type SeedResult } from '../../../emulator/simulation/run-seed.js';

const memories = [new ReusedMemory(), new ReusedMemory()];
const run = (seed: number, faults = NO_FAULTS): SeedResult => runSeed({ seed, faults, judge: 'rules', memories });

describe('a seed', () => {
  test('decides everything: the same seed gives the same events at the same times', () => {
    const all = FAULT_SETS['all'] ?? NO_FAULTS;
    const [one, again, other] = [run(11, all), run(11, all), run(12, all)];
    expect(again).toEqual(one);
    expect(other.traceHash).not.toBe(one.traceHash);
    expect(runSeed({ seed: 11, faults: all, judge: 'rules', memories: [new ReusedMemory(), new ReusedMemory()] }).traceHash).toBe(one.traceHash);
  });

  test.each(Object.entries(FAULT_SETS))('breaks no rule, with faults of the set %s', (_name, faults) => {
    for (let seed = 1; seed <= 12; seed += 1) expect(run(seed, faults).failure).toBeUndefined();
  });

  test('reaches every station of a pair\'s life, and comes to rest in each case', () => {
    const reached = new Set<string>();
    for (let seed = 100; seed < 160; seed += 1) for (const name of Object.keys(run(seed, FAULT_SETS['all']).marks)) reached.add(name);
    for (const name of ['medium sealed', 'medium loaded', 'synchronized before the calm', 'hosts write to the secondary', 'late frames dropped', 'boot with NVRAM_DAMAGED',
      'cut of P while TRACKING', 'cut of S while LOADING', 'cut of S while SEEDED', 'cut of S while INCONSISTENT_COPYING', 'cut of P while CONSISTENT_SYNCHRONIZED']) {
      expect([...reached]).toContain(name);
    }
  });
});
