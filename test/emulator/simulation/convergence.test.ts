import { expect, test } from 'vitest';
import { converge } from '../../../emulator/simulation/convergence.js';
import { livePair } from './worlds.js';

test('a line that was cut is mended, and the secondary comes back', () => {
  const story = livePair();
  story.world.link.cut(false);
  story.watch.hosts.write(8, 1, true);
  converge(story);
  expect(story.synchronized).toBe(true);
});

test('rule 8: a secondary that its primary knows, and is not let in, is not helped by a copy of everything', () => {
  const story = livePair();
  const { link } = story.world;
  link.cut(false);
  link.restore = () => { link.cut(false); };
  expect(() => { converge(story); }).toThrow('rule 8: the secondary that the primary knows is let in: not within 60 s');
});
