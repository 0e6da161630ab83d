import type { Control } from '../../firmware/metadata/control-store.js';
import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { DurableView } from './durable-view.js';
import type { Complain } from './rules.js';
import type { AdminBody } from './sim-card.js';

/**
 * Rules 5 and 16: what an operator was told has happened a cut does not take back. Asked when the answer comes, of a
 * card to which nobody gave another command meanwhile.
 */
export function judgeSuccess(request: AdminBody, { control, card }: DurableView, complain: Complain): void {
  if (control === undefined || hasHappened(request, control)) return;
  const rule = request.case === 'establish' || request.case === 'dissolve' ? 5 : 16;
  complain(rule, 'state', `${card.name} says that ${request.case ?? ''} has happened, and a cut now would take it back`);
}

function hasHappened(request: AdminBody, { identity, access }: Control): boolean {
  switch (request.case) {
    case 'establish':
      return identity.role === Role.PRIMARY && identity.generation !== 0n;
    case 'dissolve':
      return identity.role === Role.STANDALONE;
    case 'stop':
      return identity.stopped && access === (request.value.access === true);
    case 'start':
      return !identity.stopped && !access;
    case 'connectPeer':
      return identity.connectWished && identity.role === Role.SECONDARY;
    case 'disconnectPeer':
      return !identity.connectWished;
    default:
      return true;
  }
}
