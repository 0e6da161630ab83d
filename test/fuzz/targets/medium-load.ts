import { create } from '@bufbuild/protobuf';
import { administer } from '../../../firmware/commands/admin.js';
import { CommandError } from '../../../firmware/errors.js';
import { verifyMedium } from '../../../firmware/medium/inspect.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { AdminRequestSchema } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { statusName } from '../../../protos/status/sentences.js';
import { must, type Target } from '../target.js';
import { formattedImages, FuzzCard } from './fuzz-card.js';
import { mediumOf, mediumSeeds } from './media.js';
import { mediumWith } from './medium.js';

const PATH = '/m';

/** A medium (212), loaded by a blank card (308). */
export const mediumLoad: Target = {
  name: 'medium-load',
  // The third one was never sealed: it is inspected, and not loaded.
  seeds: () => mediumSeeds().slice(0, 2),
  run: (input) => {
    const card = new FuzzCard(formattedImages());
    card.settle();
    card.board.medium.media.set(PATH, mediumWith(mediumOf(input)));
    const request = create(AdminRequestSchema, { request: { case: 'mediumLoad', value: { path: PATH } } });
    const { status } = card.run(administer(card.components.admin, request));
    card.settle();
    const { identity, loadState, consistent } = card.components.core.state.control.current;
    if (status !== Status.SUCCESS) {
      must(card.changedPart() === undefined, 'the load was refused, and the card is changed');
      return `refused ${statusName(status)}`;
    }
    const job = card.components.jobs.status;
    const isLoaded = loadState === LoadState.LOADED;
    // Rule 7.
    must(isLoaded === consistent && isLoaded === (identity.generation !== 0n) && isLoaded === (job?.status === Status.SUCCESS), 'it is half loaded');
    must(!isLoaded || verifies(card), 'a medium was loaded that does not verify');
    must(card.board.medium.openFiles === 0, 'the medium stays open');
    card.mustBootAgain();
    return `${isLoaded ? 'accepted' : 'refused'} ${statusName(job?.status ?? Status.UNSPECIFIED)} ${(job?.detail ?? '').replace(/\d+/g, '#')}`;
  },
};

function verifies(card: FuzzCard): boolean {
  const inspector = { loop: card.card.loop, drive: card.board.medium, digest: card.board.hal.digest };
  try {
    return card.run(verifyMedium(inspector, PATH, { doneBytes: 0, totalBytes: 0 })).damageCount === 0;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
