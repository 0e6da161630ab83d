import { expect, test, vi } from 'vitest';
import { PartError, type Task } from '../../../firmware/kernel/pending.js';
import { SimHosts } from '../../../emulator/simulation/hosts.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import { livePair, quietStory } from './worlds.js';

function* throwing(): Task {
  throw new PartError({ part: 'disk', kind: 'io', text: 'something failed' });
}

test('rule 4: a command of a host that fails though no part of the card did is found', () => {
  const { world } = livePair();
  const hosts = new SimHosts(world.secondary, 1, complaintsTo('rules'));
  hosts.write(0, 1, false);
  expect(() => { hosts.note(); }).toThrow("rule 4: at S a host's write failed, and neither volume nor NVRAM did");
});

test('rules 4 and 6: only a failure of volume or NVRAM, since it was asked for, excuses a host command', () => {
  const { world } = livePair();
  const { primary: card } = world;
  const failing = (): SimHosts => {
    const hosts = new SimHosts(card, 1, complaintsTo('rules'));
    const { components } = card;
    if (components === undefined) throw new Error('the card is off');
    vi.spyOn(components.io, 'flush').mockImplementation(throwing);
    hosts.flush();
    return hosts;
  };
  const failed = vi.spyOn(card.power, 'hasFailed');
  failed.mockImplementation((part) => part === 'store' || part === 'medium');
  expect(() => { failing().note(); }).toThrow('rule 4: at P a host\'s flush failed, and neither volume nor NVRAM did');
  failed.mockImplementation((part, sinceUs) => part === 'nvram' && sinceUs === world.scheduler.nowUs);
  failing().note();
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
