import type { ReusedMemory } from '../reused-memory.js';
import type { Judge } from '../rules.js';
import type { Story } from '../story.js';
import type { Operation } from './operations.js';
import { begin, type SavedStation } from './saved-station.js';

/** What is done at a station: operations, each begun after so many effects of those before it. */
export interface Sequence {
  readonly operations: readonly Operation[];
  readonly startsAfter: readonly number[];
}

/** Nothing durable has happened for so long: longer than the sweep of intents waits. */
const QUIET_US = 700_000;
/** Something that is under way for so long without an effect waits for a line that is cut. */
const STUCK_US = 6_000_000;
const SEED = 2_000;

/** Who watches a sequence being gone through, from where its last operation was begun. */
export interface Observer {
  /** After so many effects, before the firmware learns of the last. False ends the passage there. */
  afterEffect(story: Story, effects: number): boolean;
  /** After so many effects, when the next one is about to take place. */
  beforeEffect?(story: Story, effects: number): void;
}

/** A sequence that was gone through. */
export interface Passage {
  readonly story: Story;
  readonly effects: number;
  /** Whether it went on to where all is quiet. */
  readonly ended: boolean;
}

/** Goes through a sequence once, from its station until all is quiet. The same each time. */
export function passThrough(from: SavedStation, { operations, startsAfter }: Sequence, memories: readonly ReusedMemory[], judge: Judge, observer: Observer): Passage {
  const story = begin(from, SEED, memories, judge);
  const { world } = story;
  const passage = { story, effects: 0, ended: true };
  let begun = 0;
  let lastUs = world.scheduler.nowUs;
  const look = (): void => {
    if (!passage.ended) return;
    for (; begun < operations.length && (startsAfter[begun] ?? 0) <= passage.effects; begun += 1) operations[begun]?.start(story);
    if (begun === operations.length) passage.ended = observer.afterEffect(story, passage.effects);
  };
  const noteEffect = (): void => {
    passage.effects += 1;
    lastUs = world.scheduler.nowUs;
    look();
  };
  const strike = (): void => {
    if (passage.ended && begun === operations.length) observer.beforeEffect?.(story, passage.effects);
  };
  for (const { power } of world.cards) {
    power.beforeEffect = strike;
    power.onEffect = noteEffect;
  }
  look();
  while (passage.ended && !isQuiet(story, world.scheduler.nowUs - lastUs) && world.deliver()) story.note();
  for (const { power } of world.cards) power.onEffect = power.beforeEffect = undefined;
  return passage;
}

function isQuiet(story: Story, idleUs: number): boolean {
  const { hosts, otherHosts } = story.watch;
  const isUnderWay = story.commandsUnderWay > 0 || hosts.underWay > 0 || otherHosts.underWay > 0;
  return idleUs > (isUnderWay ? STUCK_US : QUIET_US);
}
