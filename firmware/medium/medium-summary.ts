import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { MediumLabel, MediumSeal } from '../../protos/gen/grainlink/medium/v1/medium_pb.js';
import { CommandError } from '../errors.js';
import type { Digest, MediumFile } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import { MEDIUM_LABEL_BYTES } from '../limits.js';
import type { Position } from '../metadata/position-store.js';
import { chainStart } from './chunk-format.js';
import { CHUNKS_OFFSET_BYTES, decodeLabel, decodeSeal, LABEL_OFFSET_BYTES, SEAL_OFFSET_BYTES } from './label-blocks.js';
import { readMedium } from './medium-io.js';

/** What a medium says of itself; its chunks are not looked at. */
export interface MediumSummary {
  readonly label: MediumLabel;
  /** Undefined while the export is not complete. */
  readonly seal: MediumSeal | undefined;
  readonly lengthBytes: number;
  /** Digest of both label blocks: the same medium, sealed the same way, has the same. */
  readonly fingerprint: Uint8Array;
  /** Where its chunks begin. */
  readonly start: Position;
}

/**
 * @throws CommandError MEDIUM_NOT_A_MEDIUM, MEDIUM_UNSUPPORTED_VERSION, MEDIUM_TRUNCATED, MEDIUM_DAMAGED
 * (the seal block), MEDIUM_ERROR.
 */
export function* readSummary(loop: EventLoop, digest: Digest, file: MediumFile): Task<MediumSummary> {
  if (file.lengthBytes < MEDIUM_LABEL_BYTES) throw new CommandError(Status.MEDIUM_NOT_A_MEDIUM, 'it is shorter than a label');
  const labelBlock = new Uint8Array(MEDIUM_LABEL_BYTES);
  yield* readMedium(loop, file, LABEL_OFFSET_BYTES, labelBlock);
  const label = decodeLabel(digest, labelBlock);
  const sealBlock = new Uint8Array(MEDIUM_LABEL_BYTES);
  yield* readMedium(loop, file, SEAL_OFFSET_BYTES, sealBlock);
  return {
    label,
    seal: decodeSeal(digest, sealBlock),
    lengthBytes: file.lengthBytes,
    fingerprint: digest.digest([labelBlock, sealBlock]),
    start: { mediumOffsetBytes: CHUNKS_OFFSET_BYTES, volumeOffsetBytes: 0, chunks: 0, chain: chainStart(digest, labelBlock) },
  };
}

/**
 * The seal of a medium that is as long as its seal says.
 *
 * @throws CommandError MEDIUM_UNSEALED, MEDIUM_TRUNCATED, MEDIUM_DAMAGED.
 */
export function sealOf({ seal, lengthBytes }: MediumSummary): MediumSeal {
  if (seal === undefined) throw new CommandError(Status.MEDIUM_UNSEALED);
  const surplus = BigInt(lengthBytes) - seal.lengthBytes;
  if (surplus < 0n) throw new CommandError(Status.MEDIUM_TRUNCATED, `${String(-surplus)} of ${String(seal.lengthBytes)} bytes are missing`);
  if (surplus > 0n) throw new CommandError(Status.MEDIUM_DAMAGED, `${String(surplus)} bytes follow its end`);
  return seal;
}
