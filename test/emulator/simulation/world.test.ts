import { expect, test } from 'vitest';
import { ZERO_BLOCK } from '../../../emulator/simulation/block.js';
import { livePair, quietStory } from './worlds.js';

test('another card takes the place of the secondary, and the former one comes back as it was', () => {
  const story = livePair();
  const { world, watch } = story;
  const { secondary } = world;
  const cardId = (): string => Buffer.from(watch.secondary.control?.identity.cardId ?? []).toString('hex');
  const former = cardId();
  const content = watch.secondary.content.block(0);
  const exchange = (): void => {
    story.cut(secondary, false);
    world.replaceSecondary();
    watch.secondaryReplaced();
    story.boot(secondary);
    story.until('it comes up', () => secondary.components !== undefined);
  };
  exchange();
  expect([cardId() === former, secondary.status().generation]).toEqual([false, 0n]);
  exchange();
  expect([cardId(), watch.secondary.content.block(0)]).toEqual([former, content]);
  story.until('the pair is synchronized again', () => story.synchronized);
});

test('rule 8: a secondary restored from a backup is refused once it has been in a session since', () => {
  const story = livePair();
  const { world, watch } = story;
  const { secondary } = world;
  const again = (): void => {
    watch.secondaryReplaced();
    story.boot(secondary);
    story.until('it comes up', () => secondary.components !== undefined);
  };
  expect(world.restoreBackup()).toBe(false);
  story.cut(secondary, false);
  world.takeBackup();
  again();
  story.until('the pair is synchronized again', () => story.synchronized);
  story.cut(secondary, false);
  expect(world.restoreBackup()).toBe(true);
  again();
  story.until('it is refused', () => watch.marks.counts['refused: STALE_SECONDARY'] === 1);
});

test('a card that has power is not replaced', () => {
  expect(() => { livePair().world.replaceSecondary(); }).toThrow('while it has power');
});

test('rule 19: disks were used before, and nothing of that is read', () => {
  const { world, watch } = quietStory();
  for (const card of world.cards) expect(card.volume.block(7).bytes).not.toEqual(ZERO_BLOCK.bytes);
  expect(world.primary.volume.block(7).bytes).not.toEqual(world.secondary.volume.block(7).bytes);
  expect(watch.primary.blocksNotZero()).toEqual([]);
});
