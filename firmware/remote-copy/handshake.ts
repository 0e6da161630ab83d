import type { Hello, Welcome } from '../../protos/gen/grainlink/link/v1/link_pb.js';
import { BLOCK_BYTES, MAX_SESSION_COUNTER, MAX_TRANSFER_BYTES } from '../limits.js';
import type { Control } from '../metadata/control-store.js';
import { ID_BYTES } from '../metadata/format.js';
import { hasLostItsMap } from '../synchronization/suppressor.js';
import { LINK_PROTOCOL_VERSION, type LinkBody } from './peer-link.js';

/** Who this card is and what it holds, in the words of a Hello. */
export function helloOf(control: Control, nonce: bigint, maxPayloadBytes: number): LinkBody {
  const { identity } = control;
  return {
    case: 'hello',
    value: {
      version: LINK_PROTOCOL_VERSION,
      cardId: identity.cardId,
      relationshipId: identity.relationshipId,
      volumeId: identity.sourceVolumeId,
      generation: identity.generation,
      sizeBytes: identity.sizeBytes,
      grainBytes: identity.grainBytes,
      loadId: identity.loadId,
      mediumRoot: identity.mediumRoot,
      sessionCounter: identity.sessionCounter,
      conventional: control.conventional,
      mapLost: hasLostItsMap(control),
      forkId: control.forkId,
      holdsOwnWrites: control.access,
      nonce,
      maxPayloadBytes,
    },
  };
}

/** What is wrong with the values of a Hello, whoever sent it, or undefined. What passes may be kept. */
export function helloFault(hello: Hello): string | undefined {
  if (hello.loadId.length !== 0 && hello.loadId.length !== ID_BYTES) return `a load id of ${String(hello.loadId.length)} bytes`;
  if (hello.sessionCounter > MAX_SESSION_COUNTER) return 'a session counter that leaves none for the next session';
  // Noted, it would take back the fork that was told of before (rule 16).
  if (hello.holdsOwnWrites && hello.forkId === 0n) return 'writes of its own, and no fork';
  return payloadFault(hello.maxPayloadBytes);
}

/** As {@link helloFault}, of a Welcome. */
export function welcomeFault(welcome: Welcome): string | undefined {
  if (welcome.version !== LINK_PROTOCOL_VERSION) return `version ${String(welcome.version)} of the link protocol`;
  if (welcome.session === 0n || welcome.generation === 0n) return 'no session, or no generation';
  if (welcome.relationshipId.length !== ID_BYTES || welcome.volumeId.length !== ID_BYTES) return 'ids of another length';
  if (welcome.sessionCounter > MAX_SESSION_COUNTER) return 'a session counter that leaves none for the next session';
  return payloadFault(welcome.maxPayloadBytes);
}

/** The payload of a session's frames: whole blocks, and no more than both ends and the line can take. */
export function agreedPayloadBytes(ofPeer: number, ofLine: number): number {
  const most = Math.min(ofPeer, ofLine, MAX_TRANSFER_BYTES);
  return Math.max(BLOCK_BYTES, most - (most % BLOCK_BYTES));
}

function payloadFault(maxPayloadBytes: number): string | undefined {
  return maxPayloadBytes < BLOCK_BYTES ? `frames with room for ${String(maxPayloadBytes)} bytes, less than a block` : undefined;
}
