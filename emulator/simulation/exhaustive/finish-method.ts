import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { JobState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { SimCard } from '../sim-card.js';
import type { Story } from '../story.js';
import { exportRequest } from './operations.js';

/**
 * An operator goes on with the method after a cut: the export is resumed, the medium loaded. So what the secondary
 * gets is T0 (rules 6 and 7) and what tracking has kept since (rule 1), and not a copy of everything, which would
 * hide what was lost. Where T0 has ended, or the secondary holds one, there is nothing to do.
 * @returns the same story.
 */
export function finishMethod(story: Story): Story {
  const { world, watch } = story;
  const { primary, secondary, cards } = world;
  for (const card of cards) story.boot(card);
  world.link.restore();
  story.until('the cards come up', () => cards.every((card) => card.components !== undefined));
  story.until('jobs end', () => cards.every((card) => card.components?.jobs.status?.state !== JobState.RUNNING));
  const { role, generation } = primary.control.identity;
  const { loadState, identity } = secondary.control;
  if (role !== Role.PRIMARY || (identity.role !== Role.STANDALONE && loadState !== LoadState.LOADING)) return story;
  if (watch.images.sealedFor(generation).length === 0 && watch.images.current) {
    story.insist(primary, exportRequest(story));
    untilJobSucceeds(story, primary);
  }
  const path = watch.images.sealedFor(generation).at(-1);
  if (path === undefined) return story;
  story.insist(secondary, { case: 'mediumLoad', value: { path, overwrite: true } });
  untilJobSucceeds(story, secondary);
  return story;
}

function untilJobSucceeds(story: Story, card: SimCard): void {
  story.until('the job succeeds', () => card.components?.jobs.status?.state === JobState.SUCCEEDED);
}
