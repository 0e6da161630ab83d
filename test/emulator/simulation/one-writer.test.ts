import { expect, test } from 'vitest';
import type { Story } from '../../../emulator/simulation/story.js';
import { livePair } from './worlds.js';

/** A pair whose secondary was written to by its own hosts, and is now told to give that up. */
function givingUp(): Story {
  const story = livePair();
  const { world: { secondary }, watch } = story;
  story.insist(secondary, { case: 'stop', value: { access: true } });
  story.until('hosts may write', () => watch.volumes.secondaryHasAccess);
  watch.otherHosts.write(0, 1, true);
  story.until('the host is answered', () => watch.otherHosts.underWay === 0);
  expect(watch.otherHosts.acknowledgedChanges).toBe(1);
  story.command(secondary, { case: 'start', value: { discardSecondary: true } });
  return story;
}

test('rule 16: what was given up by word stays so where the power goes before the answer', () => {
  const story = givingUp();
  const { world: { secondary }, watch } = story;
  while (watch.secondary.control?.access === true) story.world.deliver();
  expect(story.commandsUnderWay).toBe(1);
  story.cut(secondary, false);
  expect(watch.otherHosts.acknowledgedChanges).toBe(0);
});

test('rule 16: where the power goes before it is durable, nothing was given up', () => {
  const story = givingUp();
  const { world: { secondary }, watch } = story;
  story.cut(secondary, false, () => () => 'old');
  expect([watch.secondary.control?.access, watch.otherHosts.acknowledgedChanges]).toEqual([true, 1]);
});

test('rules 4 and 16: writes that were refused while there was no access are of the fork before, though there is access again when somebody looks', () => {
  const story = givingUp();
  const { world: { secondary }, watch } = story;
  const before = watch.secondary.control?.forkId;
  watch.otherHosts.write(8, 1, true);
  story.command(secondary, { case: 'stop', value: { access: true } });
  while (!watch.volumes.servesAsOwn || watch.secondary.control?.forkId === before) story.world.deliver();
  expect(() => { story.note(); }).not.toThrow();
  expect([watch.otherHosts.underWay, watch.otherHosts.acknowledgedChanges]).toEqual([0, 0]);
});
