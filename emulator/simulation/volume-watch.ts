import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { ZERO_BLOCK } from './block.js';
import { differingBlock, type DurableView } from './durable-view.js';
import type { SimHosts } from './hosts.js';
import type { Marks } from './marks.js';
import type { OneWriter } from './one-writer.js';
import type { Complain } from './rules.js';
import type { SecondaryReads } from './secondary-reads.js';

/** What the volumes hold, beside what hosts were told (rules 4, 11, 12 and 16). */
export class VolumeWatch {
  /** What its hosts began when they got access last. */
  #forkId = 0n;

  /**
   * @param hosts of the primary.
   * @param otherHosts of the secondary, which may write while it has access.
   */
  constructor(
    private readonly primary: DurableView,
    private readonly secondary: DurableView,
    private readonly hosts: SimHosts,
    private readonly otherHosts: SimHosts,
    private readonly secondaryReads: SecondaryReads,
    private readonly oneWriter: OneWriter,
    private readonly marks: Marks,
    private readonly complain: Complain,
  ) {}

  /** What another knew, who watched before. */
  recall(other: VolumeWatch): void {
    this.#forkId = other.#forkId;
  }

  /** Another card stands in the place of the secondary: what was known of that one says nothing of this. */
  secondaryReplaced(): void {
    this.#forkId = 0n;
    this.otherHosts.model.settleOn(this.secondary.content);
  }

  /** Whether the secondary has access, to its hosts. */
  get servesAsOwn(): boolean {
    return this.secondary.card.components?.core.state.control.current.access === true;
  }

  /** Rule 12: a secondary that calls itself consistent holds what was there at one instant. */
  consistent(): void {
    const { control } = this.secondary;
    if (control?.identity.role !== Role.SECONDARY || !control.consistent || control.access) return;
    // The next boot takes the label away.
    if (this.secondary.isDamaged(this.secondary.layout.written)) return;
    const { content } = this.secondary;
    const zeroed = [...this.hosts.order.blocks].filter((block) => content.block(block) === ZERO_BLOCK);
    const fault = this.secondaryReads.faultApart(content.block, [...this.secondary.blocksNotZero(), ...zeroed]);
    if (fault !== undefined) this.complain(12, 'data', `the secondary calls itself consistent, and ${fault}`);
  }

  /** Rule 4: after a cut of the primary. */
  primaryCut(): void {
    const { model } = this.hosts;
    const faults = model.faults(this.primary.content, model.afterCut, (block) => this.primary.isWrittenDamaged(this.primary.grainOf(block)));
    if (faults.length > 0) this.complain(4, 'data', `after a cut of the primary ${faults.join('; ')}`);
    model.settleOn(this.primary.content);
    if (this.primary.card.nvram.content.damagedLines.size > 0) this.hosts.order.forget();
  }

  /** Rule 4 for the hosts of the secondary, as long as it holds their writes (rule 16). */
  secondaryCut(): void {
    const { control } = this.secondary;
    if (control?.access !== true || control.forkId !== this.#forkId) return;
    const { model } = this.otherHosts;
    const faults = model.faults(this.secondary.content, model.afterCut, (block) => this.secondary.isWrittenDamaged(this.secondary.grainOf(block)));
    if (faults.length > 0) this.complain(4, 'data', `after a cut of the secondary, which had access, ${faults.join('; ')}`);
    model.settleOn(this.secondary.content);
  }

  /** Whether hosts may write to the secondary. From then on a model of its own counts for it, until it gives that up. */
  get secondaryHasAccess(): boolean {
    // Durably, and for the card itself: it says so to its hosts once it has committed it.
    const { control } = this.secondary;
    const has = control?.access === true && this.servesAsOwn;
    // Not where a start failed after access was taken durably (seed 20839); also where nobody looked between two forks (seed 6714).
    if (has && control.forkId !== this.#forkId) {
      this.marks.reached('hosts write to the secondary');
      this.otherHosts.forget();
      this.otherHosts.acknowledgedChanges = 0;
      this.oneWriter.accessGiven();
      this.otherHosts.model.adopt(this.secondary.durableContent, this.secondary.content);
    }
    if (has) this.#forkId = control.forkId;
    return has;
  }

  /** Both volumes read the same, and as hosts were told. Nothing is under way. */
  same(): void {
    this.hosts.note();
    const faults = this.hosts.model.faults(this.primary.content, this.hosts.model.now);
    if (faults.length > 0) this.complain(4, 'data', `in the end the primary's ${faults.join('; ')}`);
    const block = differingBlock(this.primary, this.secondary);
    if (block !== undefined) this.complain(11, 'data', `in the end block ${String(block)} differs between the cards`);
  }

  /** As an operator compares the volumes of a synchronized pair while nobody writes. */
  sameBlocks(): void {
    this.marks.reached('volumes compared');
    const block = differingBlock(this.primary, this.secondary);
    if (block !== undefined) this.complain(11, 'data', `while the pair is synchronized and at rest block ${String(block)} differs between the cards`);
  }
}
