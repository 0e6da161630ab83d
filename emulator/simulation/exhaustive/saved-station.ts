import { NO_FAULTS } from '../faults.js';
import { PairImage } from '../pair-image.js';
import type { ReusedMemory } from '../reused-memory.js';
import type { Judge } from '../rules.js';
import { Story } from '../story.js';
import { SMALL_GEOMETRY } from '../geometries.js';
import { World } from '../world.js';
import { STATIONS, type Station } from './stations.js';

/** A station with what is durable there, and what is known of it. */
export interface SavedStation {
  readonly station: Station;
  readonly image: PairImage | undefined;
  readonly story: Story | undefined;
}

/** Long enough for all intents to be swept. */
const SETTLE_US = 3_000_000;
/** Seeds of the worlds in which stations are reached; worlds that go on from there draw other random ids. */
const FIRST_SEED = 1_000;

/** A pair does not even come to a station, which is a failure of the firmware: with what went wrong as its cause. */
export class StationNotReached extends Error {
  constructor(
    readonly station: string,
    override readonly cause: unknown,
  ) {
    super(`the station ${station} is not reached`);
  }
}

/**
 * Leads a pair through its life once, and keeps it as it is at each station.
 * @throws StationNotReached
 */
export function saveStations(memories: readonly ReusedMemory[], judge: Judge): SavedStation[] {
  const saved = new Map<string, SavedStation>();
  for (const [index, station] of STATIONS.entries()) {
    const from = station.from === undefined ? undefined : saved.get(station.from);
    try {
      const { image, story } = station.reach === undefined && from !== undefined ? from : reach(station, from, FIRST_SEED + index, memories, judge);
      saved.set(station.name, { station, image, story });
    } catch (error) {
      throw new StationNotReached(station.name, error);
    }
  }
  return [...saved.values()];
}

function reach(station: Station, from: SavedStation | undefined, seed: number, memories: readonly ReusedMemory[], judge: Judge): { image: PairImage; story: Story } {
  const story = begin(from, seed, memories, judge);
  station.reach?.(story);
  story.wait(SETTLE_US);
  for (const card of story.world.cards) story.cut(card, false, () => () => 'new');
  const { primary, secondary, shelf } = story.world;
  return { image: new PairImage(SMALL_GEOMETRY).copyFrom({ primary: primary.image, secondary: secondary.image, shelf }), story };
}

/** Switches both cards on in a new world, as they were saved. */
export function begin(from: SavedStation | undefined, seed: number, memories: readonly ReusedMemory[], judge: Judge): Story {
  const image = from?.image === undefined ? undefined : new PairImage(SMALL_GEOMETRY).copyFrom(from.image);
  const world = new World(image === undefined ? { seed, faults: NO_FAULTS, memories } : { seed, faults: NO_FAULTS, memories, image });
  const story = new Story(world, judge, { known: from?.story });
  from?.station.prepare?.(story);
  world.begin();
  story.until('the cards come up', () => world.cards.every((card) => card.components !== undefined));
  from?.station.enter?.(story);
  return story;
}
