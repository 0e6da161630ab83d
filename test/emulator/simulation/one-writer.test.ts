import { describe, expect, test } from 'vitest';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import type { AdminBody } from '../../../emulator/simulation/sim-card.js';
import type { Story } from '../../../emulator/simulation/story.js';
import { livePair } from './worlds.js';

/** A pair whose secondary was written to by its own hosts. */
function forked(): Story {
  const story = livePair();
  const { world: { secondary }, watch } = story;
  story.insist(secondary, { case: 'stop', value: { access: true } });
  story.until('hosts may write', () => watch.volumes.secondaryHasAccess);
  watch.otherHosts.write(0, 1, true);
  story.until('the host is answered', () => watch.otherHosts.underWay === 0);
  expect(watch.otherHosts.acknowledgedChanges).toBe(1);
  return story;
}

/** And is now told to give that up. */
function givingUp(): Story {
  const story = forked();
  story.command(story.world.secondary, { case: 'start', value: { discardSecondary: true } });
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

describe('rule 16: what hosts wrote is given up by word alone', () => {
  test.each<AdminBody>([
    { case: 'mediumLoad', value: { path: 'medium', overwrite: true } },
    { case: 'connectPeer', value: { address: 'P', conventional: true, overwrite: true } },
  ])('rule 16: not by $case', (request) => {
    const { watch: { oneWriter } } = forked();
    oneWriter.asked();
    expect(() => { oneWriter.succeeded(request); }).toThrow(`rule 16: ${request.case ?? ''} overwrites what hosts wrote to the secondary: 1 writes`);
  });

  test('rule 16: not by being dissolved', () => {
    const { world: { secondary }, watch: { oneWriter } } = forked();
    oneWriter.asked();
    oneWriter.succeeded({ case: 'dissolve', value: {} });
    // As if that had emptied it.
    const { offsetBytes, lengthBytes } = secondary.components?.core.state.layout.written ?? { offsetBytes: 0, lengthBytes: 0 };
    secondary.nvram.content.store(offsetBytes / NVRAM_LINE_BYTES, new Uint8Array(lengthBytes));
    expect(() => { oneWriter.succeeded({ case: 'dissolve', value: {} }); }).toThrow('rule 16: the secondary was dissolved, and what its hosts wrote is gone: block 0 holds zeroes');
  });

  test('rule 16: nothing is said of a secondary whose hosts had no access', () => {
    const { world, watch: { oneWriter, secondary } } = givingUp();
    while (secondary.control?.access === true) world.deliver();
    oneWriter.asked();
    oneWriter.succeeded({ case: 'mediumLoad', value: { path: 'medium', overwrite: true } });
  });
});
