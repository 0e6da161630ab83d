import { beforeEach, expect, test } from 'vitest';
import { ChangedGrains } from '../../../emulator/simulation/changed-grains.js';
import { Economy } from '../../../emulator/simulation/economy.js';
import { Marks } from '../../../emulator/simulation/marks.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import type { Story } from '../../../emulator/simulation/story.js';
import { livePair } from './worlds.js';

const GRAIN = 4096;
const UNDER_WAY = 0;

let story: Story;
let economy: Economy;
let changed: ChangedGrains;

/** Grains 1 (of which a block was written) and 5 (zeroed, and never written) are out-of-sync. */
beforeEach(() => {
  story = livePair();
  const { watch, world } = story;
  world.link.cut(false);
  watch.hosts.write(8, 1, true);
  watch.hosts.zero(40, 8, true);
  story.until('hosts have their answers', () => watch.hosts.underWay === 0);
  changed = new ChangedGrains(watch.primary, watch.secondary);
  changed.everything();
  economy = new Economy(watch.primary, watch.secondary, watch.hosts.model, changed, new Marks(), complaintsTo('rules'));
  economy.begins(2, UNDER_WAY);
});

test('rule 17: each grain out-of-sync once, in pieces, and a marker for one never written', () => {
  economy.data(GRAIN, GRAIN / 2);
  economy.data(GRAIN + GRAIN / 2, GRAIN / 2);
  economy.marker(5, 1);
  economy.ends(UNDER_WAY);
});

test.each<[string, (sent: Economy) => void, string]>([
  ['one that is left out', (sent) => { sent.data(GRAIN, GRAIN); }, '2 grains were out-of-sync, and 1 were sent'],
  ['one that is in sync', (sent) => { sent.data(GRAIN, 2 * GRAIN); }, 'grain 2 was sent, and was not'],
  ['half of one', (sent) => { sent.data(GRAIN, GRAIN / 2); sent.marker(5, 1); }, 'of grain 1 2048 bytes'],
  ['one twice', (sent) => { sent.data(GRAIN, GRAIN); sent.data(GRAIN, GRAIN); sent.marker(5, 1); }, 'of grain 1 8192 bytes'],
  ['one never written, as data', (sent) => { sent.data(GRAIN, GRAIN); sent.data(5 * GRAIN, GRAIN); }, 'grain 5 was never written'],
  ['too long a marker', (sent) => { sent.data(GRAIN, GRAIN); sent.marker(5, 2); }, 'a marker for grain 6'],
])('rule 17: finds %s', (_what, send, sentence) => {
  send(economy);
  expect(() => { economy.ends(UNDER_WAY); }).toThrow(sentence);
});

test('judges nothing while hosts are not quiet', () => {
  story.watch.hosts.write(80, 1, false);
  economy.data(0, GRAIN);
  economy.ends(1);
  economy.begins(2, 1);
  economy.ends(UNDER_WAY);
});

test('rule 17: finds a synchronization of more than was out-of-sync before the secondary asked', () => {
  economy.asks(UNDER_WAY);
  economy.begins(2, UNDER_WAY);
  economy.asks(UNDER_WAY);
  expect(() => { economy.begins(256, UNDER_WAY); }).toThrow('rule 17: 256 grains are to be sent, and 2 were out-of-sync on either side');
  economy.asks(UNDER_WAY);
  story.watch.hosts.write(80, 1, false);
  economy.begins(3, UNDER_WAY);
});

test('rule 17: finds a map in which more is out-of-sync than hosts changed, whatever the map says', () => {
  changed.established([]);
  changed.asked({ mark: 1, firstBlock: 7, blocks: 10, fua: false, order: 1, acknowledged: true, durable: false });
  economy.begins(3, UNDER_WAY);
  expect(() => { economy.begins(4, UNDER_WAY); }).toThrow('rule 17: 4 grains are to be sent, and hosts and damage can have changed 3 at most');
});
