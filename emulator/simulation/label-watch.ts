import type { Control } from '../../firmware/metadata/control-store.js';
import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import type { DurableView } from './durable-view.js';
import { hexOf } from './hex.js';
import type { Complain } from './rules.js';

/** What the secondary says of its data, with each change of its control block (rules 7, 12 and 16). */
export class LabelWatch {
  /** What it said last. */
  #last: Control | undefined;
  /** The card had the label itself when its power went: it was flushed, and no machine takes it along. */
  #wasCommitted = false;
  /** The card has not come up since something in its NVRAM was found damaged, or in doubt. */
  #isRecovering = false;
  /** That was a control block or the written map: then the label may be lost. */
  #mayLoseLabel = false;
  /** Loads whose label damage has taken away (rules 12 and 14). */
  readonly #damaged = new Set<string>();

  constructor(
    private readonly secondary: DurableView,
    private readonly complain: Complain,
  ) {}

  /** What another knew, who looked before. */
  recall(other: LabelWatch): void {
    this.#last = other.#last;
    for (const loadId of other.#damaged) this.#damaged.add(loadId);
  }

  /** Another card stands there now, or the same as it was before. */
  replaced(): void {
    this.#last = undefined;
  }

  /** The power goes. */
  goesDown(): void {
    this.#wasCommitted = this.secondary.card.components?.core.state.control.current.consistent === true;
  }

  /** The power has gone, or NVRAM has changed while it was off. */
  wentDown(): void {
    const { layout: { controlBlocks, written }, card } = this.secondary;
    const { damagedLines, doubtful } = card.nvram.content;
    this.#isRecovering = damagedLines.size > 0 || doubtful;
    this.#mayLoseLabel = [...controlBlocks, written].some((region) => this.secondary.isDamaged(region));
  }

  /** The control block has changed, or perhaps. */
  changed(): void {
    const before = this.#last;
    const { control } = this.secondary;
    this.#last = control;
    if (before === undefined || control === undefined || before === control || before.identity.role !== Role.SECONDARY) return;
    if (this.secondary.card.components !== undefined) this.#isRecovering = false;
    if (this.#isRecovering) {
      // Damage of the written map ends the label; and that of one copy may bring back what the other said before.
      if (before.consistent && !control.consistent) this.#lost(control);
      return;
    }
    // NVRAM refused a commit in its midst: what the card is all the time is made the newest again.
    const current = this.secondary.card.components?.core.state.control.current;
    if (current?.identity.role === control.identity.role && current.access === control.access) return;
    if (control.access && !before.access && !control.consistent) this.complain(16, 'state', 'hosts may write to a secondary that is not consistent');
    if (control.identity.role === Role.STANDALONE && !before.consistent && !before.access) this.#mustBeEmpty();
  }

  #lost(control: Control): void {
    // With the machine a commit is lost that was still under way (seed 34492): no firmware has done that.
    const isFirmwares = this.secondary.card.power.on || this.#wasCommitted;
    if (isFirmwares && !this.#mayLoseLabel) this.complain(12, 'state', 'damage that changes no content has taken the label away');
    this.#damaged.add(hexOf(control.identity.loadId));
  }

  /** Rules 7 and 12: half-copied data is nobody's. */
  #mustBeEmpty(): void {
    const { content } = this.secondary;
    const block = this.secondary.blocksNotZero().find((at) => content.block(at).markAt(at) !== 0);
    if (block !== undefined) this.complain(12, 'data', `a card that was an inconsistent secondary stands alone, and its block ${String(block)} is still to be read`);
  }

  /** Rule 12: one that loads is not consistent, one that is seeded or synchronized is. */
  note(): void {
    const { control, card: { components } } = this.secondary;
    if (control?.identity.role !== Role.SECONDARY || components === undefined) return;
    const { consistent, loadState, met } = control;
    if (consistent) {
      if (loadState === LoadState.LOADING) this.complain(12, 'state', 'a secondary that loads calls itself consistent');
      return;
    }
    if (components.requester.session?.phase === 'synchronized') this.complain(12, 'state', 'a synchronized secondary calls itself inconsistent');
    const isSeeded = loadState === LoadState.LOADED && !met;
    if (isSeeded && !this.#damaged.has(hexOf(control.identity.loadId))) this.complain(12, 'state', 'a seeded secondary calls itself inconsistent, though nothing of its NVRAM was damaged');
  }
}
