import { describe, expect, test } from 'vitest';
import { FAULT_SETS, NO_FAULTS } from '../../../emulator/simulation/faults.js';
import { addCounts } from '../../../emulator/simulation/marks.js';
import { missedMarks, REQUIRED_MARKS } from '../../../emulator/simulation/required-marks.js';
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
    for (let seed = 1; seed <= 4; seed += 1) expect(run(seed, faults).failure).toBeUndefined();
  });

  test.each([
    [166, 'the judge of rule 12 took a commit that NVRAM refused in its midst for a dissolution'],
    [431, 'the same, in another way'],
    [536, 'the judge of rule 12 believed a label that damage had overtaken'],
    [581, 'the judge of rule 16 counted writes of an earlier fork'],
    [273, 'a card counted the silence of the line by its timers, which slow parts hold up (rule 4)'],
    [3211, 'a change failed whose superblock the disk refused, and had happened all the same'],
    [3477, 'a read that was answered at once was not noticed'],
    [5954, 'the judge of rule 16 had forgotten a word that a cut left unanswered'],
    [502, 'the judge of rule 12 took half a load that was begun for one that had'],
    [8014, 'the judge of rule 12 took half a connection that was begun for one that had'],
    [585, 'the judge of rule 1 took a copy of what is there already for a change'],
    [693, 'the judge of rule 8 took what the primary was when its welcome left for what it was when it decided'],
    [7462, 'the loss of a machine brought back what had been damaged as if it had not been'],
    [6234, 'the judge of rule 17 forgot a bit that NVRAM had failed to clear in an earlier session'],
    [3930, 'the judge of rule 17 forgot damage that came before the last frame of a session'],
    [1174, 'a synchronized secondary refused what it read while a resync passed by'],
    [112, 'the judge of rule 12 took a label that a recovery ended for one that nothing had ended'],
    [50708, 'blocks of a recovery that was cut short had the numbers of those that followed (rule 14)'],
    [34492, 'the judge of rule 12 took a label that was lost with the machine, unflushed, for one that firmware took away'],
    [20839, 'the judge of rule 4 took a secondary whose start failed for one that got access anew'],
    [13491, 'the judge of rule 17 took a dissolution that failed for an establishment'],
    [6714, 'the judge of rule 4 took a secondary that gave its access up, and got it again, for one that had it all the time'],
    [861, 'the judge of rule 17 did not know that half a dissolution leaves everything dirty'],
  ])('%i ends well, which was a find: %s', (seed) => {
    expect(run(seed, FAULT_SETS['all']).failure).toBeUndefined();
  });

  test('goes far through a pair\'s life, and counts how far', () => {
    const reached = new Map<string, number>();
    for (let seed = 101; seed <= 110; seed += 1) addCounts(reached, run(seed, FAULT_SETS['all']).marks);
    // CI asks its many seeds for all of them.
    expect(missedMarks(Object.fromEntries(reached)).length).toBeLessThan(REQUIRED_MARKS.length / 2);
    expect([...reached.keys()]).toEqual(expect.arrayContaining(['medium loaded', 'synchronization with quiet hosts', 'cut of P while TRACKING', 'cut of S while INCONSISTENT_COPYING']));
  });
});
