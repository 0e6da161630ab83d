import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { DurableView } from './durable-view.js';
import type { Complain } from './rules.js';

/**
 * Rule 8: the secondary commits a session before the primary does, so that it is never taken for an older state of
 * itself, and an older state always is.
 */
export class SessionCounters {
  /** The secondary is what it was before, and was in no session since. */
  #isOlder = false;

  constructor(
    private readonly primary: DurableView,
    private readonly secondary: DurableView,
    private readonly complain: Complain,
  ) {}

  /** Another card stands in the place of the secondary, or the same as it was before. */
  replaced(): void {
    this.#isOlder = true;
  }

  note(): void {
    const p = this.primary.control;
    const s = this.secondary.control;
    if (p?.identity.role !== Role.PRIMARY || s?.identity.role !== Role.SECONDARY || p.identity.loadId.length === 0) return;
    if (Buffer.compare(p.identity.loadId, s.identity.loadId) !== 0) return;
    // It has lost its NVRAM, and the counter with it: it asks for everything (rule 14).
    if (s.allDirty && !s.suppressed) return;
    const isBehind = s.identity.sessionCounter < p.identity.sessionCounter;
    if (!isBehind) this.#isOlder = false;
    else if (!this.#isOlder) this.complain(8, 'state', `the secondary knows of session ${String(s.identity.sessionCounter)}, and its primary of ${String(p.identity.sessionCounter)}`);
  }
}
