import type { Fates, Unsettled } from '../card-image.js';
import type { PairImage } from '../pair-image.js';
import type { Random } from '../random.js';
import type { SimCard } from '../sim-card.js';
import { SimMedium } from '../sim-medium.js';
import type { World } from '../world.js';

/** What a cut makes of one write that is not settled. */
export type Fate = 'old' | 'new' | 'torn';

/** Of up to so many unsettled writes every outcome is taken; of more, so many outcomes. */
const ENUMERATED_WRITES = 4;
const SAMPLES = 3 ** ENUMERATED_WRITES;

/** Something of which a cut leaves no one knows what. */
interface Open {
  readonly fates: readonly Fate[];
  /** Does to the image what a cut may do. @returns what takes that back. */
  settle(image: PairImage, fate: Fate): () => void;
}

/** All that a cut of one card may do to its unsettled writes: a fate for each. */
export function outcomesOf(card: SimCard, random: Random): Fate[][] {
  return combinations(card.unsettled.map(fatesOf), random);
}

/**
 * Visits every state that a cut of both cards may leave now.
 * @param image is made to hold each in turn.
 */
export function visitCrashes(world: World, image: PairImage, random: Random, visit: () => void): void {
  image.copyFrom({ primary: world.primary.image, secondary: world.secondary.image, shelf: world.shelf });
  const open = [...openWrites(world.primary, 'primary'), ...openWrites(world.secondary, 'secondary'), ...openMedia(world)];
  for (const fates of combinations(open.map((one) => one.fates), random)) {
    const undo = open.map((one, index) => one.settle(image, fates[index] ?? 'old'));
    visit();
    for (const back of undo.reverse()) back();
  }
}

/** Torn: the first half is new. Of NVRAM the line at which the power went can't be read (rule 14). */
export function atomFates(fate: Fate): Fates {
  return ({ part, atoms }, index) => {
    if (fate !== 'torn') return fate;
    const half = Math.floor(atoms.length / 2);
    if (index < half) return 'new';
    return part === 'nvram' && index === half ? 'damaged' : 'old';
  };
}

function openWrites(card: SimCard, of: 'primary' | 'secondary'): Open[] {
  return card.unsettled.map((write) => ({ fates: fatesOf(write), settle: (image, fate) => image[of].settle(write, atomFates(fate)) }));
}

function openMedia({ shelf }: World): Open[] {
  const unflushed = [...shelf].filter(([, { bytes, durable }]) => Buffer.compare(bytes, durable) !== 0);
  return unflushed.map(([name, medium]) => ({
    fates: ['old', 'new', 'torn'],
    settle: (image, fate) => {
      const left = new SimMedium();
      left.copyFrom(medium);
      left.settle(pagesKept(fate));
      image.shelf.set(name, left);
      return () => undefined;
    },
  }));
}

function fatesOf({ part, atoms }: Unsettled): Fate[] {
  return part === 'nvram' || atoms.length > 1 ? ['old', 'new', 'torn'] : ['old', 'new'];
}

/** Of a medium: its length is that of the new one unless all is old, and every other page of a torn one is old. */
function pagesKept(fate: Fate): () => boolean {
  let asked = 0;
  return () => {
    asked += 1;
    return fate !== 'old' && (asked === 1 || (fate === 'torn' && asked % 2 === 0));
  };
}

function combinations(choices: readonly (readonly Fate[])[], random: Random): Fate[][] {
  if (choices.length > ENUMERATED_WRITES) return Array.from({ length: SAMPLES }, () => choices.map((fates) => random.pick(fates)));
  return choices.reduce<Fate[][]>((begun, fates) => begun.flatMap((first) => fates.map((fate) => [...first, fate])), [[]]);
}
