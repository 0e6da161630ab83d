import { create } from '@bufbuild/protobuf';
import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import {
  type AdminRequest,
  type AdminResponse,
  AdminResponseSchema,
  DiskState,
  RelationshipState,
} from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { FakeVolume } from './fake-volume.js';

const GRAIN_BYTES = 4096;

/** The administration of a card that knows of no relationship. */
export function answerAdmin(volume: FakeVolume, { request }: AdminRequest): AdminResponse {
  if (request.case === 'identify') {
    const value = {
      model: 'fake card',
      cardId: Uint8Array.from({ length: 16 }, (_, i) => i),
      volumeId: Uint8Array.from({ length: 16 }, (_, i) => 255 - i),
      sizeBytes: BigInt(volume.sizeBytes),
      blockBytes: volume.blockBytes,
      grainBytes: GRAIN_BYTES,
      maxTransferBytes: volume.maxTransferBytes,
    };
    return create(AdminResponseSchema, { status: Status.SUCCESS, result: { case: 'identity', value } });
  }
  if (request.case === 'getStatus') {
    const value = {
      role: Role.STANDALONE,
      state: RelationshipState.NONE,
      diskState: DiskState.UP_TO_DATE,
      sizeBytes: BigInt(volume.sizeBytes),
      grainBytes: GRAIN_BYTES,
      grainsTotal: BigInt(volume.sizeBytes / GRAIN_BYTES),
    };
    return create(AdminResponseSchema, { status: Status.SUCCESS, result: { case: 'cardStatus', value } });
  }
  if (request.case === undefined) return create(AdminResponseSchema, { status: Status.UNKNOWN_COMMAND });
  return create(AdminResponseSchema, { status: Status.NO_RELATIONSHIP, detail: 'a fake card has none' });
}
