import { create } from '@bufbuild/protobuf';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { MAX_ADDRESS_BYTES, MAX_NAME_BYTES } from '../../../firmware/limits.js';
import { ID_BYTES } from '../../../firmware/metadata/format.js';
import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { type Identity, IdentitySchema } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';

const id = (value: number): Uint8Array => new Uint8Array(ID_BYTES).fill(value);

/** Who a card of {@link SMALL_GEOMETRY} is. */
export function identity(role: Role): Identity {
  const bound = role !== Role.STANDALONE;
  return create(IdentitySchema, {
    cardId: id(1),
    volumeId: id(2),
    sizeBytes: BigInt(SMALL_GEOMETRY.sizeBytes),
    grainBytes: SMALL_GEOMETRY.grainBytes,
    role,
    ...(bound ? { relationshipId: id(3), sourceVolumeId: id(4), generation: 0x1_0000_0005n, establishments: 1, secondaryName: 'york', loadId: id(6), sessionCounter: 2n } : {}),
  });
}

/** The longest that a card may have: every field, and texts as long as they may be. */
export const LONG_IDENTITY: Identity = create(IdentitySchema, {
  ...identity(Role.SECONDARY),
  secondaryName: 'n'.repeat(MAX_NAME_BYTES),
  peerAddress: 'a'.repeat(MAX_ADDRESS_BYTES),
  connectWished: true,
  stopped: true,
  sessionCounter: (1n << 63n) - 1n,
  mediumRoot: new Uint8Array(32).fill(7),
});
