import { Random } from '../random.js';
import type { ReusedMemory } from '../reused-memory.js';
import type { Judge } from '../rules.js';
import type { Story } from '../story.js';
import type { World } from '../world.js';
import { atomFates, type Fate, outcomesOf } from './outcomes.js';
import { passThrough, type Sequence } from './passage.js';
import type { SavedStation } from './saved-station.js';

/** What becomes of frames that are on their way. */
type Frames = 'delivered' | 'lost' | 'late';

/** One card loses power while the other goes on. */
export interface OneSidedCut {
  readonly name: string;
  /** After which effect of the passage. */
  readonly point: number;
  readonly isPrimary: boolean;
  /** Of each unsettled write of the card. */
  readonly fates: readonly Fate[];
  readonly frames: Frames;
}

/** How long the card stays off. */
const OFF_US = 15_000;

/** All that may happen at this point. */
export function oneSidedCuts(world: World, point: number): OneSidedCut[] {
  const allFrames: readonly Frames[] = world.link.carriesFrames ? ['delivered', 'lost', 'late'] : ['delivered'];
  return world.cards.flatMap((card) =>
    outcomesOf(card, new Random(point)).flatMap((fates) =>
      allFrames.map((frames) => ({
        name: `${card.name} after effect ${String(point)}, unsettled writes: ${fates.join(' ')}; frames: ${frames}`,
        point,
        isPrimary: card === world.primary,
        fates,
        frames,
      })),
    ),
  );
}

/** Goes through the passage again, up to the cut: nothing that runs can be copied. */
export function cutOne(from: SavedStation, sequence: Sequence, cut: OneSidedCut, memories: readonly ReusedMemory[], judge: Judge, begun: (story: Story) => void): Story {
  const { story, ended } = passThrough(from, sequence, memories, judge, {
    afterEffect: (passing, effects) => {
      begun(passing);
      if (effects !== cut.point) return true;
      const { world } = passing;
      if (cut.frames === 'lost') world.link.lose();
      if (cut.frames === 'late') world.link.delay();
      // Who is not told takes late frames for those of its session.
      passing.cut(cut.isPrimary ? world.primary : world.secondary, cut.frames === 'late', (write) => atomFates(cut.fates[write] ?? 'old'));
      return false;
    },
  });
  if (ended) throw new Error('the same passage did not come to the same point');
  story.wait(OFF_US);
  return story;
}
