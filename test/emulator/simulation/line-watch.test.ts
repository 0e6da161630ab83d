import { expect, test } from 'vitest';
import { livePair } from './worlds.js';

test('rule 17: a synchronization with quiet hosts is judged by what crosses the line', () => {
  const story = livePair();
  const { watch, world } = story;
  world.link.cut(false);
  watch.hosts.write(8, 20, true);
  story.until('hosts have their answers', () => watch.hosts.underWay === 0);
  const before = watch.marks.counts['synchronization with quiet hosts'] ?? 0;
  world.link.restore();
  story.until('the pair is synchronized again', () => story.synchronized);
  expect(watch.marks.counts['synchronization with quiet hosts']).toBe(before + 1);
  story.rest(1000);
  expect(watch.marks.counts['volumes compared']).toBe(1);
});

test('rule 16: what both sides wrote is a union, and a read finds what its hosts wrote until then', () => {
  const story = livePair();
  const { watch, world } = story;
  story.insist(world.secondary, { case: 'stop', value: { access: true } });
  expect(watch.volumes.secondaryHasAccess).toBe(true);
  watch.otherHosts.write(0, 4, true);
  watch.hosts.write(2, 4, true);
  story.until('hosts have their answers', () => watch.hosts.underWay === 0 && watch.otherHosts.underWay === 0);
  watch.otherHosts.read(0, 8);
  story.until('the read returns', () => watch.otherHosts.underWay === 0);
  expect(() => { watch.oneWriter.started({ case: 'start', value: { discardSecondary: false } }); }).toThrow('rule 16: what hosts wrote to the secondary was given up without a word: 1 writes');
  story.insist(world.secondary, { case: 'start', value: { discardSecondary: true } });
  story.until('the pair is synchronized again', () => story.synchronized);
  expect(watch.marks.counts['union of what both sides wrote']).toBe(1);
  watch.volumes.same();
});

test('rule 12: a secondary in lockstep reads as the primary would, and a write there is refused', () => {
  const story = livePair();
  const { watch } = story;
  watch.hosts.write(4, 8, false);
  story.until('hosts have their answers', () => watch.hosts.underWay === 0);
  watch.secondaryReads.read(0, 16);
  watch.oneWriter.tryToWrite(4);
  story.until('the read returns', () => watch.secondaryReads.underWay === 0);
});
