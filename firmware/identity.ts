import { create } from '@bufbuild/protobuf';
import { type CardIdentity, CardIdentitySchema } from '../protos/gen/grainlink/host/v1/admin_pb.js';
import type { CardCore } from './core.js';
import { BLOCK_BYTES, MAX_TRANSFER_BYTES } from './limits.js';

/** As in package.json; a test holds them together. */
export const FIRMWARE_VERSION = '0.1.0';
const MODEL = 'grainlink storage adapter';

/** What the card is, and was formatted with. */
export function cardIdentity({ state }: CardCore): CardIdentity {
  const { identity } = state.control.current;
  return create(CardIdentitySchema, {
    model: MODEL,
    firmwareVersion: FIRMWARE_VERSION,
    cardId: identity.cardId,
    volumeId: identity.volumeId,
    sizeBytes: identity.sizeBytes,
    blockBytes: BLOCK_BYTES,
    grainBytes: state.geometry.grainBytes,
    nvramBytes: BigInt(state.geometry.nvramBytes),
    flashCopyStoreBytes: BigInt(state.geometry.storeBytes),
    maxTransferBytes: MAX_TRANSFER_BYTES,
    metadataKind: 'bitmap',
  });
}
