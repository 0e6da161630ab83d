import { CommandError } from '../../firmware/errors.js';
import type { Task } from '../../firmware/kernel/pending.js';
import { BLOCK_BYTES } from '../../firmware/limits.js';
import type { Control } from '../../firmware/metadata/control-store.js';
import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type Block, blocksOf, ZERO_BLOCK } from './block.js';
import type { DurableView } from './durable-view.js';
import type { SimHosts } from './hosts.js';
import type { LineWatch } from './line-watch.js';
import type { Complain } from './rules.js';
import type { Running } from './sim-card.js';

/** Marks from here on are of what hosts wrote to the secondary itself. */
export const FIRST_MARK_OF_SECONDARY = 2 ** 30;

interface Fault {
  readonly seenIn: 'data' | 'state';
  readonly detail: string;
}

/**
 * Rule 12: what hosts read at a secondary that they may not write to. In lockstep with the primary it is what the
 * primary would return; apart from it what was there at some instant, whole; and half-copied nothing at all. Each
 * read is judged in the instant in which it returns.
 */
export class SecondaryReads {
  #underWay: Running<Fault | undefined>[] = [];

  /** @param inLockstep whether both cards call the pair synchronized. */
  constructor(
    private readonly secondary: DurableView,
    /** Of the primary. */
    private readonly hosts: SimHosts,
    private readonly line: LineWatch,
    private readonly inLockstep: () => boolean,
    private readonly complain: Complain,
  ) {}

  get underWay(): number {
    return this.#underWay.length;
  }

  read(firstBlock: number, blocks: number): void {
    const { card } = this.secondary;
    if (card.components === undefined || !this.#isToBeRead) return;
    this.hosts.note();
    this.#underWay.push(card.launch(this.#read(firstBlock, blocks)));
  }

  /** @throws RuleBroken 12 */
  note(): void {
    for (const { outcome } of this.#underWay) {
      if (outcome === undefined) continue;
      if ('error' in outcome) throw new Error(`a read at the secondary threw ${String(outcome.error)}`);
      if (outcome.value !== undefined) this.complain(12, outcome.value.seenIn, outcome.value.detail);
    }
    this.#underWay = this.#underWay.filter(({ outcome }) => outcome === undefined);
  }

  /** Whether it is a secondary without access, to its hosts too (seed 8014). */
  get #isToBeRead(): boolean {
    return this.#controls.every((control) => control?.identity.role === Role.SECONDARY && !control.access);
  }

  /**
   * What the secondary is, durably and for its hosts. While a command is under way that changes it, one copy of the
   * control block may say so before the command has happened.
   */
  get #controls(): readonly (Control | undefined)[] {
    return [this.secondary.control, this.secondary.card.components?.core.state.control.current];
  }

  /** The power went. */
  forget(): void {
    this.#underWay = [];
  }

  *#read(firstBlock: number, blocks: number): Task<Fault | undefined> {
    const { components } = this.secondary.card;
    if (components === undefined) return undefined;
    // What was asked for while the fork stood may return it, even where one copy of the control block gives it up by now (seed 502).
    const mayReturnFork = this.#controls.some((control) => control?.forkId !== 0n);
    const mirror = this.inLockstep() ? this.hosts.model.read(firstBlock, blocks) : undefined;
    const into = new Uint8Array(blocks * BLOCK_BYTES);
    try {
      yield* components.io.read(firstBlock * BLOCK_BYTES, into);
    } catch (error) {
      const refused = error instanceof CommandError && error.status === Status.READ_INCONSISTENT;
      return refused && mirror !== undefined && this.inLockstep() ? { seenIn: 'state', detail: 'a synchronized secondary refuses to be read' } : undefined;
    } finally {
      mirror?.end();
    }
    if (!this.#isToBeRead) return undefined;
    const content = blocksOf(into);
    const block = (number: number): Block => content[number - firstBlock] ?? ZERO_BLOCK;
    const fault = mirror !== undefined && this.inLockstep()
      ? this.hosts.model.faultOfRead(mirror, (index) => block(firstBlock + index))
      : mayReturnFork ? undefined : this.faultApart(block, Array.from({ length: blocks }, (_, index) => firstBlock + index));
    if (fault !== undefined) return { seenIn: 'data', detail: `at the secondary ${fault}` };
    return this.line.isMixed ? { seenIn: 'state', detail: 'a secondary that is half-copied was read' } : undefined;
  }

  /** What is wrong with some blocks of what a consistent secondary holds, apart from the primary. */
  faultApart(content: (block: number) => Block, blocks: readonly number[]): string | undefined {
    if (this.secondary.control?.forkId !== 0n) return undefined;
    const marks = blocks.map((block) => content(block).markAt(block));
    const given = marks.findIndex((mark) => mark >= FIRST_MARK_OF_SECONDARY);
    if (given >= 0) return `block ${String(blocks[given])} holds what its own hosts wrote, though that was given up`;
    return this.hosts.order.fault(blocks, marks);
  }
}
