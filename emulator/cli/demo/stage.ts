import { join } from 'node:path';
import type { Run } from '../verb.js';
import type { Waiter } from './awaiting.js';
import type { Bench } from './bench.js';
import { type GapMeter, gapMeter } from './gap-meter.js';
import type { Plan } from './plan.js';
import { startStory, type Story } from './story.js';
import { type TouchedGrains, touchedGrains } from './touched-grains.js';
import { VolumeModel } from './volume-model.js';

/** What all acts of the demo share. */
export interface Stage {
  readonly plan: Plan;
  readonly bench: Bench;
  readonly run: Run;
  readonly story: Story;
  readonly waiter: Waiter;
  /** What the host knows to be on the volume. */
  readonly model: VolumeModel;
  readonly meter: GapMeter;
  readonly touched: TouchedGrains;
  /** Where the cards are, and the medium. */
  readonly paths: { readonly primary: string; readonly secondary: string; readonly conventional: string; readonly medium: string };
}

export function setStage(plan: Plan, bench: Bench, run: Run): Stage {
  const nowMs = (): number => run.world.nowMs();
  const story = startStory(run);
  return {
    plan,
    bench,
    run,
    story,
    waiter: { nowMs, sleep: bench.sleep },
    model: new VolumeModel(plan.geometry.sizeBytes),
    meter: gapMeter(nowMs, story.now),
    touched: touchedGrains(plan.geometry.grainBytes),
    paths: {
      primary: join(bench.directory, 'primary'),
      secondary: join(bench.directory, 'secondary'),
      conventional: join(bench.directory, 'conventional'),
      medium: join(bench.directory, 't0.medium'),
    },
  };
}
