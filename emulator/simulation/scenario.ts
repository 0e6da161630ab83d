import type { Misfortune } from './faults.js';
import { cutMidWrite, damageMedium, damageNvram, deadLine, outage, pullMedium, replaceSecondary, slowNvram } from './misfortune.js';
import { fork, meddle, nextStation, offerMedium } from './operator.js';
import { Random } from './random.js';
import type { Story } from './story.js';

/** What may happen next, and how often it does. */
const WEIGHTS = {
  hosts: 50,
  quiet: 14,
  operator: 14,
  meddle: 3,
  fork: 3,
  offerMedium: 1,
  replaceSecondary: 0.5,
  cutPrimary: 3,
  cutSecondary: 3,
  cutBoth: 1,
  cutMidWrite: 2,
  cutLine: 2,
  stallLine: 1,
  deafenLine: 1,
  slowNvram: 1.5,
  damageNvram: 0.8,
  damageMedium: 0.5,
  pullMedium: 0.5,
  jumpClock: 0.5,
  deadLine: 0.4,
  zeroMost: 0.2,
} as const;

export type StepKind = keyof typeof WEIGHTS;

/** What has to befall the pair for it; nothing where operators and hosts do it. */
const MISFORTUNES: Readonly<Partial<Record<StepKind, Misfortune>>> = {
  replaceSecondary: 'power',
  cutPrimary: 'power',
  cutSecondary: 'power',
  cutBoth: 'power',
  cutMidWrite: 'power',
  cutLine: 'line',
  stallLine: 'line',
  deafenLine: 'line',
  deadLine: 'line',
  slowNvram: 'nvram',
  damageNvram: 'nvram',
  damageMedium: 'medium',
  pullMedium: 'medium',
  jumpClock: 'clock',
};

/** One step of a scenario. Its own seed decides all of it, so that leaving out another changes nothing in it. */
export interface Step {
  readonly kind: StepKind;
  readonly seed: number;
}

const KINDS = Object.keys(WEIGHTS) as StepKind[];
const STEP_STREAM = 3;
/** Weights are drawn to so many parts of one. */
const PARTS = 1000;
/** What a seed may make of each weight: a scenario in which all happens equally often gets nowhere far. */
const FACTORS = [0, 0, 0.3, 1, 1, 4];
/** Host work and the operator's are never left out. */
const ALWAYS: ReadonlySet<StepKind> = new Set(['hosts', 'operator', 'quiet']);

/** The steps that a seed stands for. Each seed leaves out some of what may happen, and lets other things happen often. */
export function stepsOf(seed: number, count: number, misfortunes: readonly Misfortune[]): Step[] {
  const random = new Random(seed, STEP_STREAM);
  const weights = KINDS.map((kind) => WEIGHTS[kind] * (ALWAYS.has(kind) ? random.pick([0.5, 1, 2]) : random.pick(FACTORS)));
  const steps = Array.from({ length: count }, () => ({ kind: kindAt(weights, random), seed: random.bits() }));
  return steps.filter(({ kind }) => {
    const misfortune = MISFORTUNES[kind];
    return misfortune === undefined || misfortunes.includes(misfortune);
  });
}

/** Carries out one step, and lets some time pass. */
export function takeStep(story: Story, { kind, seed }: Step): void {
  const random = new Random(seed, STEP_STREAM);
  const { world } = story;
  world.reseed(seed);
  switch (kind) {
    case 'hosts':
      story.hostWork(random);
      break;
    case 'quiet':
      story.rest(random.between(1_000, 400_000));
      break;
    case 'operator':
      nextStation(story, random);
      break;
    case 'meddle':
      meddle(story, random);
      break;
    case 'fork':
      fork(story, random);
      break;
    case 'offerMedium':
      offerMedium(story, random);
      break;
    case 'replaceSecondary':
      replaceSecondary(story, random);
      break;
    case 'cutPrimary':
      outage(story, [world.primary], random);
      break;
    case 'cutSecondary':
      outage(story, [world.secondary], random);
      break;
    case 'cutBoth':
      outage(story, world.cards, random);
      break;
    case 'cutMidWrite':
      cutMidWrite(story, random);
      break;
    case 'cutLine':
      world.link.cut(random.chance(0.5));
      story.later(random.between(10_000, 6_000_000), () => { world.link.restore(); });
      break;
    case 'stallLine':
      world.link.stalled.add(random.chance(0.5) ? 'P' : 'S');
      story.later(random.between(10_000, 6_000_000), () => { world.link.unstall(); });
      break;
    case 'deafenLine':
      world.link.deafened.add(random.chance(0.5) ? 'P' : 'S');
      story.later(random.between(10_000, 12_000_000), () => { world.link.deafened.clear(); });
      break;
    case 'slowNvram':
      slowNvram(story, random.pick(world.cards), random);
      break;
    case 'damageNvram':
      damageNvram(story, random.pick(world.cards), random);
      break;
    case 'damageMedium':
      damageMedium(story, random);
      break;
    case 'pullMedium':
      pullMedium(story, random);
      break;
    case 'jumpClock':
      random.pick(world.cards).clock.jump(random.between(-3_600_000, 3_600_000));
      break;
    case 'deadLine':
      deadLine(story, random);
      break;
    case 'zeroMost':
      story.zeroMost(random);
      break;
  }
  story.pass(random.between(5, 250));
}

function kindAt(weights: readonly number[], random: Random): StepKind {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let left = random.below(sum * PARTS) / PARTS;
  const index = weights.findIndex((weight) => (left -= weight) < 0);
  return KINDS[index] ?? 'hosts';
}
