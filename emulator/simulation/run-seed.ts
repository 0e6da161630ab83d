import { converge, mustTakeT0 } from './convergence.js';
import type { FaultOptions } from './faults.js';
import { foreignMedium } from './foreign-medium.js';
import { geometryOf } from './geometries.js';
import type { ReusedMemory } from './reused-memory.js';
import type { MarkCounts } from './marks.js';
import { callOff, loseIdentity } from './misfortune.js';
import { Random } from './random.js';
import { type Judge, reasonOf, RuleBroken } from './rules.js';
import { type Step, stepsOf, takeStep } from './scenario.js';
import type { SimEvent } from './scheduler.js';
import { Story } from './story.js';
import { World } from './world.js';

export interface SeedOptions {
  readonly seed: number;
  readonly faults: FaultOptions;
  /** One for each card, used again from seed to seed. */
  readonly memories: readonly ReusedMemory[];
  readonly judge: Judge;
  readonly onEvent?: (event: SimEvent) => void;
  /** In place of those that the seed stands for: when a failure is shrunk. */
  readonly steps?: readonly Step[];
  /** Is shown the story before its first step: to look at more of it. */
  readonly onBegin?: (story: Story) => void;
}

/** How one seed ended. */
export interface SeedResult {
  readonly seed: number;
  readonly events: number;
  readonly simulatedUs: number;
  readonly traceHash: string;
  readonly marks: MarkCounts;
  readonly failure: SeedFailure | undefined;
}

export interface SeedFailure {
  /** Number of the rule that was broken; undefined when the firmware stopped itself, or the simulator failed. */
  readonly rule: number | undefined;
  readonly message: string;
  /** The step in which it was seen; the number of steps when in the end. */
  readonly step: number;
  readonly recent: readonly SimEvent[];
}

/** Of a scenario: about 10 000 events. */
export const STEPS_A_SEED = 290;

/** In how many of them the primary comes into the calm without a control block. */
const LOSE_IDENTITY_CHANCE = 0.1;
const LAST_STREAM = 8;

/** Runs one scenario: misfortune first, then calm, in which the pair has to become synchronized. */
export function runSeed(options: SeedOptions): SeedResult {
  const { seed, faults, memories } = options;
  const steps = options.steps ?? stepsOf(seed, STEPS_A_SEED, faults.misfortunes);
  const geometry = geometryOf(seed);
  const foreign = foreignMedium(memories, geometry);
  const world = new World({ seed, faults, memories, geometry });
  world.scheduler.onEvent = options.onEvent;
  let at = 0;
  let failure: SeedFailure | undefined;
  let marks: MarkCounts = {};
  try {
    world.begin();
    const story = new Story(world, options.judge);
    story.watch.rememberNvram();
    world.shelf.set('medium of another pair', foreign.copy());
    story.watch.images.foreign(foreign.root, foreign.content);
    story.until('the cards come up', () => world.cards.every((card) => card.components !== undefined));
    world.calm = false;
    options.onBegin?.(story);
    for (; at < steps.length; at += 1) {
      const step = steps[at];
      if (step !== undefined) takeStep(story, step);
    }
    if (story.synchronized) story.watch.marks.reached('synchronized before the calm');
    if (faults.misfortunes.includes('nvram') && new Random(seed, LAST_STREAM).chance(LOSE_IDENTITY_CHANCE)) loseIdentity(story);
    for (const card of world.cards) {
      callOff(story, card);
      card.nvram.slowness = 1;
      if (card.power.on) story.watch.marks.goesDown(card, false);
    }
    marks = story.watch.marks.counts;
    world.calm = true;
    converge(story);
    mustTakeT0(story);
    marks = story.watch.marks.counts;
  } catch (error) {
    if (options.judge === 'rules' || (error instanceof RuleBroken && error.seenIn === 'data')) failure = { ...reasonOf(error), step: at, recent: world.scheduler.recent };
  }
  const { delivered, nowUs, traceHash } = world.scheduler;
  return { seed, events: delivered, simulatedUs: nowUs, traceHash, marks, failure };
}
