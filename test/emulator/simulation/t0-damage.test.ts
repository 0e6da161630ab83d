import { expect, test } from 'vitest';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import { T0Damage } from '../../../emulator/simulation/t0-damage.js';
import { livePair } from './worlds.js';

test('rule 6: finds a T0 that is still there although a line of it was lost', () => {
  const story = livePair();
  const { watch, world: { primary } } = story;
  watch.hosts.write(0, 8, true);
  story.until('hosts have their answers', () => watch.hosts.underWay === 0);
  story.insist(primary, { case: 'flashCopyStart', value: {} });
  const damage = new T0Damage(watch.primary, complaintsTo('rules'));
  const { damagedLines } = primary.nvram.content;
  const { t0Index, t0Written } = watch.primary.layout;
  // No grain was saved yet: nothing is lost with a line that holds nothing.
  damagedLines.add(t0Index.offsetBytes / NVRAM_LINE_BYTES);
  damage.look();
  damage.note();
  damagedLines.add(t0Written.offsetBytes / NVRAM_LINE_BYTES);
  damage.look();
  expect(() => { damage.note(); }).toThrow('rule 6: NVRAM has lost a line');
  damagedLines.clear();
});
