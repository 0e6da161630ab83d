import { expect, test } from 'vitest';
import { SimHosts } from '../../../emulator/simulation/hosts.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import { livePair, quietStory } from './worlds.js';

test('rule 4: a command of a host that fails though no part of the card did is found', () => {
  const { world } = livePair();
  const hosts = new SimHosts(world.secondary, 1, undefined, complaintsTo('rules'));
  hosts.write(0, 1, false);
  expect(() => { hosts.note(); }).toThrow("rule 4: a host's write failed");
});

test('a read that is answered at once is noticed, though nothing else happens', () => {
  const story = quietStory();
  story.note();
  // Never written: no part of the card is asked.
  story.watch.hosts.read(0, 1);
  expect(story.watch.hosts.underWay).toBe(1);
  story.note();
  expect(story.watch.hosts.underWay).toBe(0);
});
