import { create } from '@bufbuild/protobuf';
import { administer } from '../../../firmware/commands/admin.js';
import { CommandError } from '../../../firmware/errors.js';
import { type Chunk, chunkDigest, decodeChunk } from '../../../firmware/medium/chunk-format.js';
import { verifyMedium } from '../../../firmware/medium/inspect.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { AdminRequestSchema } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { statusName } from '../../../protos/status/sentences.js';
import { chunkPlaces } from '../../firmware/support/media.js';
import { must, type Target } from '../target.js';
import { formattedImage, FuzzCard } from './fuzz-card.js';
import { mediumOf, mediumSeeds } from './media.js';
import { mediumWith } from '../../firmware/support/contents.js';

const PATH = '/m';

/** A medium (212), loaded by a blank card (308). */
export const mediumLoad: Target = {
  name: 'medium-load',
  // The third one was never sealed: it is inspected, and not loaded.
  seeds: () => mediumSeeds().filter((_, seed) => seed !== 2),
  run: (input) => {
    const card = new FuzzCard(formattedImage());
    card.settle();
    const medium = mediumOf(input);
    card.board.shelf.set(PATH, mediumWith(medium));
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
    if (isLoaded) mustHold(card, medium);
    must(card.board.power.openFiles === 0, 'the medium stays open');
    card.mustBootAgain();
    return `${isLoaded ? 'accepted' : 'refused'} ${statusName(job?.status ?? Status.UNSPECIFIED)} ${(job?.detail ?? '').replace(/\d+/g, '#')}`;
  },
};

/** Each chunk bears its digest, and is on the volume as hosts see it. */
function mustHold(card: FuzzCard, medium: Uint8Array): void {
  for (const { start, end } of chunkPlaces(medium)) {
    const { digest, index, payload, ...extent } = chunkAt(medium.subarray(start, end));
    must(Buffer.compare(chunkDigest(card.board.hal.digest, index, extent, payload), digest) === 0, `chunk ${String(index)} was loaded, and its digest does not hold`);
    const content = new Uint8Array(extent.lengthBytes);
    card.run(card.components.io.read(extent.offsetBytes, content));
    must(Buffer.compare(content, extent.unwritten ? new Uint8Array(content.length) : payload) === 0, `chunk ${String(index)} was loaded, and reads otherwise`);
  }
}

function chunkAt(encoded: Uint8Array): Chunk {
  const chunk = decodeChunk(encoded, encoded.findIndex((byte) => byte < 0x80) + 1);
  must(chunk !== undefined, 'what was loaded has a chunk that is none');
  return chunk;
}

function verifies(card: FuzzCard): boolean {
  const inspector = { loop: card.card.loop, drive: card.board.hal.medium, digest: card.board.hal.digest };
  try {
    return card.run(verifyMedium(inspector, PATH, { doneBytes: 0, totalBytes: 0 })).damageCount === 0;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
