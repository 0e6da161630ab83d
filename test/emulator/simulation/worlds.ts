import { NO_FAULTS } from '../../../emulator/simulation/faults.js';
import { ReusedMemory } from '../../../emulator/simulation/reused-memory.js';
import { Story } from '../../../emulator/simulation/story.js';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { World } from '../../../emulator/simulation/world.js';

const memories = [new ReusedMemory(), new ReusedMemory()];

/** Two cards that have come up, in a world without faults. One at a time: they share memory. */
export function quietStory(seed = 1, geometry = SMALL_GEOMETRY): Story {
  const world = new World({ seed, faults: NO_FAULTS, memories, geometry });
  world.begin();
  const story = new Story(world, 'rules');
  story.watch.rememberNvram();
  story.until('the cards come up', () => world.cards.every((card) => card.components !== undefined));
  return story;
}

/** As {@link quietStory}, synchronized in the conventional way. */
export function livePair(seed = 1, geometry = SMALL_GEOMETRY): Story {
  const story = quietStory(seed, geometry);
  const { primary, secondary } = story.world;
  story.insist(primary, { case: 'establish', value: { secondaryName: 'S', flashCopy: false } });
  story.insist(secondary, { case: 'connectPeer', value: { address: 'P', conventional: true, overwrite: true } });
  story.until('the pair is synchronized', () => story.synchronized);
  return story;
}
