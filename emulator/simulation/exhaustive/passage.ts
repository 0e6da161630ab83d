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

/** A sequence that was gone through. */
export interface Passage {
  readonly story: Story;
  readonly effects: number;
  /** Whether it went on to where all is quiet. */
  readonly ended: boolean;
}

/**
 * Goes through a sequence once, from its station until all is quiet. The same each time.
 * @param observe told of each point at which the power may go: after the last operation was begun, and after each
 *   effect from then on. False ends the passage there.
 */
export function passThrough(from: SavedStation, { operations, startsAfter }: Sequence, memories: readonly ReusedMemory[], judge: Judge, observe: (story: Story, point: number) => boolean): Passage {
  const story = begin(from, SEED, memories, judge);
  const { world } = story;
  const passage = { story, effects: 0, ended: true };
  let begun = 0;
  let lastUs = world.scheduler.nowUs;
  const look = (): void => {
    if (!passage.ended) return;
    for (; begun < operations.length && (startsAfter[begun] ?? 0) <= passage.effects; begun += 1) operations[begun]?.start(story);
    if (begun === operations.length) passage.ended = observe(story, passage.effects);
  };
  const noteEffect = (): void => {
    passage.effects += 1;
    lastUs = world.scheduler.nowUs;
    look();
  };
  for (const card of world.cards) card.power.onEffect = noteEffect;
  look();
  while (passage.ended && !isQuiet(story, world.scheduler.nowUs - lastUs) && world.deliver()) story.note();
  for (const card of world.cards) card.power.onEffect = undefined;
  return passage;
}

function isQuiet(story: Story, idleUs: number): boolean {
  const { hosts, otherHosts } = story.watch;
  const isUnderWay = story.commandsUnderWay > 0 || hosts.underWay > 0 || otherHosts.underWay > 0;
  return idleUs > (isUnderWay ? STUCK_US : QUIET_US);
}
