import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { DiskState, LinkState, RelationshipState } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { Control } from '../metadata/control-store.js';
import type { RequesterState } from '../synchronization/requester.js';
import type { SecondaryPhase } from '../synchronization/secondary-session.js';
import type { PrimaryPhase } from './primary-session.js';

/*
 * States are derived, never stored: from the durable control block and from where the session stands.
 */

/** Where the session of a primary or secondary stands; undefined when there is none. */
export type SessionPhase = PrimaryPhase | SecondaryPhase | undefined;

export function relationshipState(control: Control, phase: SessionPhase): RelationshipState {
  switch (control.identity.role) {
    case Role.PRIMARY:
      return primaryState(control, phase);
    case Role.SECONDARY:
      return secondaryState(control, phase);
    default:
      return RelationshipState.NONE;
  }
}

function primaryState(control: Control, phase: SessionPhase): RelationshipState {
  const { identity, consistent, peerForkId } = control;
  if (phase === 'synchronized') return RelationshipState.CONSISTENT_SYNCHRONIZED;
  if (phase === 'copying') return RelationshipState.INCONSISTENT_COPYING;
  if (peerForkId !== 0n) return RelationshipState.IDLING_DISCONNECTED;
  if (identity.stopped) return consistent ? RelationshipState.CONSISTENT_STOPPED : RelationshipState.INCONSISTENT_STOPPED;
  if (identity.loadId.length === 0) return RelationshipState.TRACKING;
  return consistent ? RelationshipState.CONSISTENT_DISCONNECTED : RelationshipState.INCONSISTENT_DISCONNECTED;
}

function secondaryState(control: Control, phase: SessionPhase): RelationshipState {
  const { identity, consistent, loadState, access, met } = control;
  if (loadState === LoadState.LOADING) return RelationshipState.LOADING;
  if (phase === 'synchronized') return RelationshipState.CONSISTENT_SYNCHRONIZED;
  if (phase === 'copying') return RelationshipState.INCONSISTENT_COPYING;
  if (access) return RelationshipState.IDLING;
  if (identity.stopped) return consistent ? RelationshipState.CONSISTENT_STOPPED : RelationshipState.INCONSISTENT_STOPPED;
  if (!met && consistent) return RelationshipState.SEEDED;
  return consistent ? RelationshipState.CONSISTENT_DISCONNECTED : RelationshipState.INCONSISTENT_DISCONNECTED;
}

export function diskState(control: Control, phase: SessionPhase): DiskState {
  if (control.identity.role !== Role.SECONDARY || phase === 'synchronized') return DiskState.UP_TO_DATE;
  return control.consistent ? DiskState.CONSISTENT : DiskState.INCONSISTENT;
}

export function linkState(control: Control, phase: SessionPhase, requester: RequesterState, listening: boolean): LinkState {
  if (phase !== undefined) return phase === 'welcomed' || phase === 'accepted' ? LinkState.NEGOTIATING : LinkState.ONLINE;
  if (control.identity.role !== Role.SECONDARY) return listening ? LinkState.LISTENING : LinkState.NONE;
  switch (requester) {
    case 'idle':
      return LinkState.NONE;
    case 'refused':
      return LinkState.REFUSED;
    case 'negotiating':
      return LinkState.NEGOTIATING;
    default:
      return LinkState.CONNECTING;
  }
}
