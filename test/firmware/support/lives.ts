import { FAULT_SETS, type FaultOptions, NO_FAULTS } from '../../../emulator/simulation/faults.js';
import type { MarkCounts } from '../../../emulator/simulation/marks.js';
import { Random } from '../../../emulator/simulation/random.js';
import { ReusedMemory } from '../../../emulator/simulation/reused-memory.js';
import { runSeed } from '../../../emulator/simulation/run-seed.js';
import type { Step, StepKind } from '../../../emulator/simulation/scenario.js';
import type { Story } from '../../../emulator/simulation/story.js';

const USUAL: readonly StepKind[] = ['hosts', 'hosts', 'hosts', 'quiet', 'operator'];
const MISFORTUNE_CHANCE = 0.2;
const STEPS = 100;
const memories = [new ReusedMemory(), new ReusedMemory()];

export interface Life {
  readonly seed: number;
  /** What goes wrong, and nothing else does. */
  readonly misfortunes: readonly StepKind[];
  /** What the parts do by themselves: a set of the simulator's. */
  readonly faults?: keyof typeof FAULT_SETS;
  /** Looks at the pair before each event. */
  readonly watch?: (story: Story) => void;
}

/**
 * A short life of a pair in the simulator, in which rule 1 is checked at every event: a cut at that instant would
 * find every difference marked. In the end faults stop, and the pair has to converge.
 * @returns how far it went. @throws Error when a rule is broken.
 */
export function live({ seed, misfortunes, faults = 'none', watch }: Life): MarkCounts {
  const { failure, marks } = runSeed({
    seed,
    faults: faultsOf(faults),
    judge: 'rules',
    memories,
    steps: stepsOf(seed, misfortunes),
    onBegin: (story) => {
      story.world.scheduler.onEvent = () => {
        story.watch.cover();
        watch?.(story);
      };
    },
  });
  if (failure !== undefined) throw new Error(`seed ${String(seed)}, step ${String(failure.step)}: ${failure.message}`);
  return marks;
}

function faultsOf(name: string): FaultOptions {
  return FAULT_SETS[name] ?? NO_FAULTS;
}

function stepsOf(seed: number, misfortunes: readonly StepKind[]): Step[] {
  const random = new Random(seed);
  return Array.from({ length: STEPS }, () => ({ kind: random.pick(random.chance(MISFORTUNE_CHANCE) ? misfortunes : USUAL), seed: random.bits() }));
}
