import type { DurablePart, Fates, Unsettled } from '../card-image.js';
import { Fingerprint, hashOfBytes } from '../fingerprint.js';
import type { PairImage } from '../pair-image.js';
import type { Random } from '../random.js';
import type { SimCard } from '../sim-card.js';
import { SimMedium } from '../sim-medium.js';
import type { World } from '../world.js';

/** What a cut makes of one write that is not settled. */
export type Fate = 'old' | 'new' | 'torn';

const PARTS: readonly DurablePart[] = ['nvram', 'volume', 'store', 'reserved'];
/** More blocks or lines than any part has. */
const PLACES_A_PART = 2 ** 16;
/** Every outcome of up to so many unsettled writes is taken; of more, as many outcomes as four can have at most. */
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
 * Visits the states that a cut of both cards may leave now.
 * @param image is made to hold each in turn.
 * @param isNew whether the state with this fingerprint is to be visited.
 * @returns how many states there were.
 */
export function visitCrashes(world: World, image: PairImage, random: Random, isNew: (state: Fingerprint) => boolean, visit: () => void): number {
  image.copyFrom({ primary: world.primary.image, secondary: world.secondary.image, shelf: world.shelf });
  const open = [...openWrites(world.primary, 'primary'), ...openWrites(world.secondary, 'secondary'), ...openMedia(world)];
  const stateOf = areApart(world) ? sumOfChanges(image, open) : undefined;
  const all = combinations(open.map((one) => one.fates), random);
  for (const fates of all) {
    if (stateOf !== undefined && !isNew(stateOf(fates))) continue;
    const undo = open.map((one, index) => one.settle(image, fates[index] ?? 'old'));
    if (stateOf !== undefined || isNew(fingerprintOf(image))) visit();
    for (const back of undo.reverse()) back();
  }
  return all.length;
}

/**
 * Tells this moment from others: what is durable on boards and media, and what is not settled. All that a cut of both
 * cards may leave follows from it.
 */
export function momentOf(world: World): Fingerprint {
  const moment = new Fingerprint();
  for (const [index, card] of world.cards.entries()) {
    card.image.addTo(moment, 4 * index);
    const unsettled = new Fingerprint();
    for (const [write, { part, atoms }] of card.unsettled.entries()) {
      for (const { at, bytes } of atoms) unsettled.toggle(at + PLACES_A_PART * (PARTS.indexOf(part) + PARTS.length * write), hashOfBytes(bytes));
    }
    moment.toggleAll(unsettled, 8 + index);
  }
  for (const [index, medium] of [...world.shelf.values()].entries()) {
    medium.addTo(moment, 10 + (index % 10));
    medium.addDurableTo(moment, 20 + (index % 10));
  }
  return moment;
}

/** Whether no two writes settle in the same block or line: the order in which they do makes no difference then. */
function areApart({ cards }: World): boolean {
  return cards.every((card) => {
    const places = card.unsettled.flatMap(({ part, atoms }) => atoms.map(({ at }) => `${part} ${String(at)}`));
    return new Set(places).size === places.length;
  });
}

/** Each write changes the fingerprint in its own way, whatever becomes of the others. @returns the state for given fates. */
function sumOfChanges(image: PairImage, open: readonly Open[]): (fates: readonly Fate[]) => Fingerprint {
  const before = fingerprintOf(image);
  const changes = open.map((one) => new Map(one.fates.map((fate) => {
    const back = one.settle(image, fate);
    const change = fingerprintOf(image);
    change.toggleAll(before);
    back();
    return [fate, change];
  })));
  return (fates) => {
    const state = new Fingerprint();
    state.copyFrom(before);
    for (const [index, fate] of fates.entries()) {
      const change = changes[index]?.get(fate);
      if (change !== undefined) state.toggleAll(change);
    }
    return state;
  };
}

function fingerprintOf(image: PairImage): Fingerprint {
  const fingerprint = new Fingerprint();
  image.addTo(fingerprint);
  return fingerprint;
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
      const before = image.shelf.get(name);
      image.shelf.set(name, left);
      return () => { if (before !== undefined) image.shelf.set(name, before); };
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

/** All, or as many different ones as are drawn. */
function combinations(choices: readonly (readonly Fate[])[], random: Random): Fate[][] {
  const outcomes = choices.reduce((product, fates) => product * fates.length, 1);
  if (outcomes > SAMPLES) {
    const drawn = new Map<string, Fate[]>();
    while (drawn.size < SAMPLES) {
      const fates = choices.map((some) => random.pick(some));
      drawn.set(fates.join(), fates);
    }
    return [...drawn.values()];
  }
  return choices.reduce<Fate[][]>((begun, fates) => begun.flatMap((first) => fates.map((fate) => [...first, fate])), [[]]);
}
