import { create } from '@bufbuild/protobuf';
import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { FlashCopySchema, LoadState } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import type { Control } from './control-store.js';

const NONE = new Uint8Array(0);

/** Back to a card without a peer, in its role too. */
export function becomeStandalone(draft: Control): void {
  forgetRelationship(draft);
  draft.identity.role = Role.STANDALONE;
}

/** Nothing of a peer is left; identity, role and data stay. No generation is valid from here on. */
export function forgetRelationship(draft: Control): void {
  draft.identity.relationshipId = NONE;
  draft.identity.sourceVolumeId = NONE;
  draft.identity.generation = 0n;
  draft.identity.secondaryName = '';
  draft.identity.loadId = NONE;
  draft.identity.mediumRoot = NONE;
  draft.identity.sessionCounter = 0n;
  draft.identity.connectWished = false;
  draft.identity.peerAddress = '';
  draft.identity.stopped = false;
  draft.loadState = LoadState.NONE;
  draft.loadingRoot = NONE;
  draft.allDirty = false;
  draft.suppressed = false;
  draft.consistent = false;
  draft.conventional = false;
  draft.met = false;
  draft.access = false;
  draft.forkId = 0n;
  draft.peerForkId = 0n;
  draft.fullOwed = false;
  draft.flashCopy = create(FlashCopySchema, {});
}

