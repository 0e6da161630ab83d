import { expect, test } from 'vitest';
import { callOff, cutMidWrite, outage } from '../../../emulator/simulation/misfortune.js';
import { Random } from '../../../emulator/simulation/random.js';
import { livePair } from './worlds.js';

test('power goes after an effect or when a frame has left, and comes back', () => {
  const moments = new Set<string>();
  for (let seed = 1; seed <= 12; seed += 1) {
    const story = livePair();
    const { primary } = story.world;
    outage(story, [primary], new Random(seed));
    moments.add(primary.power.onEffect === undefined ? 'frame' : 'effect');
    for (let block = 0; block < 512; block += 32) story.watch.hosts.write(block, 8, true);
    story.wait(10_000_000);
    expect(story.watch.marks.counts['cut of P while CONSISTENT_SYNCHRONIZED']).toBeGreaterThan(0);
    story.until('the pair is synchronized again', () => story.synchronized);
  }
  expect([...moments].sort()).toEqual(['effect', 'frame']);
});

test('the primary is cut in the midst of a host write, and its NVRAM is as quick as ever afterwards', () => {
  const story = livePair();
  const { primary } = story.world;
  cutMidWrite(story, new Random(5));
  expect([story.watch.marks.counts['cut of P while CONSISTENT_SYNCHRONIZED'], primary.nvram.slowness]).toEqual([1, 1]);
});

test('an outage that was decided is called off', () => {
  const story = livePair();
  const { primary, link } = story.world;
  for (let seed = 1; seed <= 12; seed += 1) {
    outage(story, [primary], new Random(seed));
    callOff(story, primary);
    expect([primary.power.onEffect, link.onLeave.size]).toEqual([undefined, 0]);
  }
});
