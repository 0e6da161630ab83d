import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import type { LinkFrame } from '../../protos/gen/grainlink/link/v1/link_pb.js';
import type { DurableView } from './durable-view.js';
import type { ChangedGrains } from './changed-grains.js';
import { Economy } from './economy.js';
import { hexOf } from './hex.js';
import type { HostModel } from './host-model.js';
import type { Marks } from './marks.js';
import type { Complain } from './rules.js';

/**
 * Listens to the line between the cards. It knows when the secondary is a mixture of old and new: from the first byte
 * of a resynchronization until the primary has said that nothing is out-of-sync (rule 12).
 */
export class LineWatch {
  readonly economy: Economy;
  /** The session that the secondary has accepted. */
  #session = 0n;
  /** Grains are out-of-sync in it: whatever the secondary writes makes a mixture of it. */
  #resynchronizes = false;
  /** Load ids of secondaries that are a mixture. */
  readonly #mixed = new Set<string>();

  constructor(
    primary: DurableView,
    private readonly secondary: DurableView,
    model: HostModel,
    private readonly changed: ChangedGrains,
    private readonly marks: Marks,
    private readonly complain: Complain,
  ) {
    this.economy = new Economy(primary, secondary, model, changed, marks, complain);
  }

  /** What another knew, who listened before. */
  recall(other: LineWatch): void {
    for (const loadId of other.#mixed) this.#mixed.add(loadId);
  }

  /** @param hostsUnderWay of the primary. */
  frame(from: string, frame: LinkFrame, hostsUnderWay: number): void {
    if (from === this.secondary.card.name) this.#fromSecondary(frame);
    else if (frame.session === this.#session) this.#fromPrimary(frame, hostsUnderWay);
  }

  #fromSecondary({ session, body }: LinkFrame): void {
    // It has drained its disk before (rule 9).
    if (body.case === 'hello' || body.case === 'accept') this.#resynchronizes = false;
    if (body.case === 'accept') this.#session = session;
  }

  #fromPrimary({ body, payload }: LinkFrame, hostsUnderWay: number): void {
    switch (body.case) {
      case 'opened':
        this.economy.asks(hostsUnderWay);
        break;
      case 'syncRequestMerged':
        this.#resynchronizes = body.value.outOfSyncGrains > 0n;
        if (this.secondary.control?.forkId !== 0n) this.marks.reached('union of what both sides wrote');
        this.economy.begins(Number(body.value.outOfSyncGrains), hostsUnderWay);
        break;
      case 'grainData':
        this.economy.data(Number(body.value.offsetBytes), payload.length);
        break;
      case 'grainUnwritten':
        this.economy.marker(Number(body.value.firstGrain), Number(body.value.grains));
        break;
      case 'synchronized':
        this.#resynchronizes = false;
        this.#mixed.delete(this.#loadId);
        this.economy.ends(hostsUnderWay);
        this.changed.synchronized();
        break;
      default:
        break;
    }
  }

  /** Another card stands there now, or the same as it was before. */
  secondaryReplaced(): void {
    this.#resynchronizes = false;
    if (this.secondary.control?.consistent === true) this.#mixed.delete(this.#loadId);
  }

  /** The secondary has written to its volume. */
  secondaryWrote(): void {
    if (!this.#resynchronizes || !this.#isPlainSecondary) return;
    this.#mixed.add(this.#loadId);
    if (this.secondary.control?.consistent === true) this.complain(12, 'state', 'the secondary is written to in a resynchronization, and a cut now would leave it calling itself consistent');
  }

  /** Whether the secondary holds some grains as of now and others as of before. */
  get isMixed(): boolean {
    return this.#isPlainSecondary && this.#mixed.has(this.#loadId);
  }

  /** Rule 12, after a reboot too. */
  note(): void {
    if (this.isMixed && this.secondary.control?.consistent === true) this.complain(12, 'state', 'the secondary calls itself consistent though its resynchronization was never completed');
  }

  get #isPlainSecondary(): boolean {
    const { control } = this.secondary;
    return control?.identity.role === Role.SECONDARY && control.loadState !== LoadState.LOADING && !control.access;
  }

  get #loadId(): string {
    return hexOf(this.secondary.control?.identity.loadId);
  }
}
