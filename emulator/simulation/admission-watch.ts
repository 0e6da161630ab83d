import { sameBytes } from '../../firmware/kernel/same-bytes.js';
import type { Control } from '../../firmware/metadata/control-store.js';
import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { LinkFrame } from '../../protos/gen/grainlink/link/v1/link_pb.js';
import type { DurableView } from './durable-view.js';
import type { Complain } from './rules.js';

/** Rule 8: whom the primary must not let in. What it says of itself is not asked: each card is known by what is durable of it. */
export class AdmissionWatch {
  /** What the secondary was when it said Hello last, and whether it had to be refused as the primary was then. */
  #asking: { readonly nonce: bigint; readonly control: Control | undefined; readonly reason: string | undefined } | undefined;

  constructor(
    private readonly primary: DurableView,
    private readonly secondary: DurableView,
    private readonly complain: Complain,
  ) {}

  frame(from: string, { body }: LinkFrame): void {
    if (from === this.secondary.card.name && body.case === 'hello') {
      const { control } = this.secondary;
      this.#asking = { nonce: body.value.nonce, control, reason: this.#reason(control) };
    }
    if (from !== this.primary.card.name || body.case !== 'welcome' || body.value.nonce !== this.#asking?.nonce) return;
    // On a slow line the welcome leaves long after it was decided, and the primary has sealed another T0 since (seed 693).
    const reason = this.#asking.reason === undefined ? undefined : this.#reason(this.#asking.control);
    if (reason !== undefined) this.complain(8, 'state', `the primary lets in ${reason}`);
  }

  /** While the primary commits something it may be what one copy of its control block says, or what it was before. */
  #reason(s: Control | undefined): string | undefined {
    const [durable, running] = [this.primary.control, this.primary.card.components?.core.state.control.current].map((p) => reasonToRefuse(p, s));
    return durable !== undefined && running !== undefined ? durable : undefined;
  }
}

/** Why this primary must not synchronize this secondary from its own map; undefined when it must. */
function reasonToRefuse(p: Control | undefined, s: Control | undefined): string | undefined {
  if (p?.identity.role !== Role.PRIMARY || p.identity.generation === 0n) return 'somebody, and is no primary';
  if (s?.identity.role !== Role.SECONDARY || s.identity.loadId.length === 0) return 'a card that is nobody\'s secondary';
  if (s.access) return 'a secondary to which hosts may write';
  // By an explicit command everything is copied.
  if (s.conventional) return undefined;
  if (!sameBytes(s.identity.relationshipId, p.identity.relationshipId)) return 'the secondary of another relationship';
  if (!sameBytes(s.identity.sourceVolumeId, p.identity.volumeId)) return 'the secondary of another volume';
  const isBound = p.identity.loadId.length > 0;
  // Rule 14's exception: the primary has lost its map, and knows its secondary by the binding.
  if (s.identity.generation !== p.identity.generation && !(p.fullOwed && isBound)) return 'a secondary of another generation';
  const lostItsMap = s.allDirty && !s.suppressed;
  if (!isBound) return !lostItsMap && p.identity.mediumRoot.length > 0 && sameBytes(s.identity.mediumRoot, p.identity.mediumRoot) ? undefined : 'a secondary that holds another T0 than the one that was sealed';
  if (!sameBytes(s.identity.loadId, p.identity.loadId)) return 'another secondary than the one it is bound to';
  return lostItsMap || s.identity.sessionCounter >= p.identity.sessionCounter ? undefined : 'a secondary as it was before later sessions';
}
