import { expect, test } from 'vitest';
import { AnswerTime } from '../../../emulator/simulation/answer-time.js';
import { deadLine } from '../../../emulator/simulation/misfortune.js';
import { Random } from '../../../emulator/simulation/random.js';
import { complaintsTo } from '../../../emulator/simulation/rules.js';
import { livePair } from './worlds.js';

const LONG_US = 60_000_000;
const HOUR_MS = 3_600_000;

test('rule 4: hosts are answered although the line is dead, in whatever way', () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const story = livePair();
    story.world.calm = false;
    deadLine(story, new Random(seed));
    expect(story.watch.marks.counts['line dead for long while synchronized']).toBe(1);
    story.world.calm = true;
    story.until('the pair is synchronized again', () => story.synchronized);
  }
});

test('rule 4: finds a host that waits for longer', () => {
  const { watch, world: { scheduler } } = livePair();
  const answerTime = new AnswerTime(watch.hosts, complaintsTo('rules'));
  // As if the firmware had lost it.
  watch.hosts.write(0, 1, false);
  answerTime.note();
  scheduler.after(LONG_US, { where: 'test', what: 'later' }, () => undefined);
  while (scheduler.deliver());
  expect(() => { answerTime.note(); }).toThrow('rule 4: a host has waited for');
});

test('rule 4: hosts are answered although the clock goes back while the line is dead', () => {
  const story = livePair();
  const { world, watch } = story;
  world.link.deafened.add('S');
  for (const { clock } of world.cards) clock.jump(-HOUR_MS);
  watch.hosts.write(0, 1, false);
  story.until('the host is answered', () => watch.hosts.underWay === 0, 4);
  expect(world.scheduler.nowUs).toBeLessThan(LONG_US);
});
