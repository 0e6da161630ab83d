import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { MediumLabel } from '../../protos/gen/grainlink/medium/v1/medium_pb.js';
import { CommandError } from '../errors.js';
import { sameBytes } from '../kernel/same-bytes.js';
import type { Control } from '../metadata/control-store.js';
import { isOlderGeneration } from '../metadata/generation.js';
import type { Geometry } from '../metadata/nvram-layout.js';

/** @throws CommandError MEDIUM_WRONG_SIZE, MEDIUM_WRONG_GRAIN_SIZE. */
export function checkFits(label: MediumLabel, geometry: Geometry): void {
  if (label.sizeBytes !== BigInt(geometry.sizeBytes)) {
    throw new CommandError(Status.MEDIUM_WRONG_SIZE, `${String(label.sizeBytes)} bytes, and the card has ${String(geometry.sizeBytes)}`);
  }
  if (label.grainBytes !== geometry.grainBytes) {
    throw new CommandError(Status.MEDIUM_WRONG_GRAIN_SIZE, `${String(label.grainBytes)} bytes, and the card has ${String(geometry.grainBytes)}`);
  }
}

/**
 * Whether this card may become (again) the secondary that the medium is for.
 *
 * @param writtenGrains of this card.
 * @throws CommandError NOT_STANDALONE, HOSTS_HAVE_WRITTEN, SECONDARY_HAS_ACCESS, SECONDARY_HAS_WRITES,
 * MEDIUM_STALE_GENERATION, MEDIUM_WRONG_RELATIONSHIP, MEDIUM_WRONG_VOLUME.
 */
export function checkRole(control: Control, label: MediumLabel, writtenGrains: number, overwrite: boolean): void {
  const { identity } = control;
  if (identity.role === Role.PRIMARY) throw new CommandError(Status.NOT_STANDALONE, 'it is a primary');
  if (identity.role === Role.STANDALONE) {
    if (writtenGrains > 0 && !overwrite) throw new CommandError(Status.HOSTS_HAVE_WRITTEN, `${String(writtenGrains)} grains`);
    return;
  }
  if (control.access) throw new CommandError(Status.SECONDARY_HAS_ACCESS);
  if (control.forkId !== 0n && !overwrite) throw new CommandError(Status.SECONDARY_HAS_WRITES);
  // Neither is known while a medium is being loaded.
  if (identity.relationshipId.length === 0) return;
  if (sameBytes(identity.relationshipId, label.relationshipId)) {
    if (isOlderGeneration(label.generation, identity.generation)) throw new CommandError(Status.MEDIUM_STALE_GENERATION);
  } else if (!overwrite) {
    throw new CommandError(Status.MEDIUM_WRONG_RELATIONSHIP);
  }
  if (!sameBytes(identity.sourceVolumeId, label.volumeId) && !overwrite) throw new CommandError(Status.MEDIUM_WRONG_VOLUME);
  // What the primary's hosts wrote since T0 is here by now, and nowhere else should the primary be lost.
  if (control.met && !overwrite) throw new CommandError(Status.HOSTS_HAVE_WRITTEN, 'the card was synchronized since its load, and the medium would take it back to T0');
}
