import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { Hello } from '../../protos/gen/grainlink/link/v1/link_pb.js';
import type { Control } from '../metadata/control-store.js';
import { isOlderGeneration } from '../metadata/generation.js';
import { sameBytes } from '../kernel/same-bytes.js';
import { helloFault } from './handshake.js';
import { LINK_PROTOCOL_VERSION } from './peer-link.js';

/** Why a secondary is not admitted. */
export interface RefusalReason {
  readonly status: Status;
  readonly detail: string;
}

/**
 * Rule 8: whether the primary answers this secondary's request from its own map. Everything is compared
 * before anything changes; the reason is named.
 *
 * @returns the reason to refuse, or undefined to admit.
 */
export function reasonToRefuse(control: Control, hello: Hello): RefusalReason | undefined {
  const { identity } = control;
  if (hello.version !== LINK_PROTOCOL_VERSION) {
    return refuse(Status.UNSUPPORTED_VERSION, `the primary speaks version ${String(LINK_PROTOCOL_VERSION)} of the link protocol, the secondary ${String(hello.version)}`);
  }
  const fault = helloFault(hello);
  if (fault !== undefined) return refuse(Status.INVALID_FRAME, `the Hello has ${fault}`);
  if (sameBytes(hello.cardId, identity.cardId)) return refuse(Status.SELF_CONNECTION);
  if (identity.role !== Role.PRIMARY || identity.generation === 0n) return refuse(Status.NOT_PRIMARY);
  if (hello.sizeBytes !== identity.sizeBytes) {
    return refuse(Status.WRONG_SIZE, `primary ${String(identity.sizeBytes)} bytes, secondary ${String(hello.sizeBytes)} bytes`);
  }
  if (hello.grainBytes !== identity.grainBytes) {
    return refuse(Status.WRONG_GRAIN_SIZE, `primary ${String(identity.grainBytes)} bytes, secondary ${String(hello.grainBytes)} bytes`);
  }
  if (hello.holdsOwnWrites) return refuse(Status.SECONDARY_HAS_ACCESS);
  if (identity.stopped) return refuse(Status.STOPPED);
  if (hello.loadId.length === 0) return refuse(Status.NOT_LOADED);
  // An explicit command at the secondary: everything is copied, so nothing it holds matters.
  if (hello.conventional) return undefined;
  return reasonOfContent(control, hello);
}

/** Whether it comes from the secondary of this primary, bound or only seeded: no other one's fork is a divergence. */
export function isOwnSecondary({ identity }: Control, hello: Hello): boolean {
  if (!sameBytes(hello.relationshipId, identity.relationshipId)) return false;
  if (identity.loadId.length > 0) return sameBytes(hello.loadId, identity.loadId);
  return identity.mediumRoot.length > 0 && sameBytes(hello.mediumRoot, identity.mediumRoot);
}

/** Whether what the secondary holds is what the primary's map is about. */
function reasonOfContent({ identity, fullOwed }: Control, hello: Hello): RefusalReason | undefined {
  if (!sameBytes(hello.relationshipId, identity.relationshipId)) return refuse(Status.WRONG_RELATIONSHIP);
  if (!sameBytes(hello.volumeId, identity.volumeId)) return refuse(Status.WRONG_VOLUME);
  const bound = identity.loadId.length > 0;
  // Rule 14: a primary that lost its NVRAM took a fresh generation, and knows its secondary by the binding.
  if (hello.generation !== identity.generation && !(fullOwed && bound)) {
    return refuse(Status.STALE_GENERATION, isOlderGeneration(hello.generation, identity.generation) ? 'the secondary was loaded from an older establishment' : 'the secondary was loaded from another establishment');
  }
  if (!bound) {
    if (hello.mapLost) return refuse(Status.NOT_LOADED, 'the secondary lost its NVRAM after the load');
    return sameBytes(hello.mediumRoot, identity.mediumRoot) && identity.mediumRoot.length > 0 ? undefined : refuse(Status.WRONG_MEDIUM);
  }
  if (!sameBytes(hello.loadId, identity.loadId)) return refuse(Status.OTHER_SECONDARY);
  // A secondary whose map is lost asks for everything, so an old counter cannot hurt.
  if (hello.sessionCounter < identity.sessionCounter && !hello.mapLost) {
    return refuse(Status.STALE_SECONDARY, `session ${String(hello.sessionCounter)}, the primary knows of ${String(identity.sessionCounter)}`);
  }
  return undefined;
}

function refuse(status: Status, detail = ''): RefusalReason {
  return { status, detail };
}
