import { expect, test } from 'vitest';
import { Random } from '../../../emulator/simulation/random.js';
import { livePair } from './worlds.js';

test('rule 14: with one stale copy of its control block a card comes up as it was', () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    const story = livePair();
    const { world, watch } = story;
    const { primary } = world;
    const before = watch.primary.control?.identity;
    story.cut(primary, false);
    expect(watch.historyOf(primary)?.makeStale(new Random(seed))).toBe(true);
    // The other copy is the last good one.
    expect(watch.historyOf(primary)?.makeStale(new Random(seed))).toBe(false);
    story.boot(primary);
    story.until('it comes up', () => primary.components !== undefined);
    expect(watch.primary.control?.identity.sessionCounter).toBe(before?.sessionCounter);
    story.until('the pair is synchronized again', () => story.synchronized);
    expect(watch.primary.control?.identity.generation).toBe(before?.generation);
  }
});
