import { PartError } from '../../firmware/kernel/pending.js';
import { BLOCK_BYTES } from '../../firmware/limits.js';
import { blocksOf, ZERO_BLOCK } from './block.js';
import { CrashOrder } from './crash-order.js';
import { HostModel, type ModelRead, type ModelWrite } from './host-model.js';
import type { HostSpan } from './host-span.js';
import { markedBlocks } from './marked-blocks.js';
import type { Random } from './random.js';
import { type Complain, RuleBroken } from './rules.js';
import type { Running, SimCard } from './sim-card.js';

const MOST_BLOCKS = 16;
/** Blocks of a long write, at most. */
const LONG_BLOCKS = 96;
const LONG_CHANCE = 0.08;
const READ_CHANCE = 0.15;

type HostOperation = { readonly askedUs: number; readonly running: Running<void> } & (
  | { readonly kind: 'write'; readonly write: ModelWrite }
  | { readonly kind: 'flush'; readonly covers: readonly ModelWrite[] }
  | { readonly kind: 'read'; readonly read: ModelRead; readonly into: Uint8Array }
);

/** The hosts of one card, and the model of what they may find on it. */
export class SimHosts {
  readonly model: HostModel;
  readonly order: CrashOrder;
  /** Told of what is asked for and may change blocks. */
  onChange: ((write: ModelWrite) => void) | undefined;
  #underWay: HostOperation[] = [];
  /** Writes and zeroes acknowledged so far. */
  acknowledgedChanges = 0;

  /**
   * @param firstMark of what they write.
   * @param complain of a command that fails though no part of the card that it needs did.
   * @param known what is known already, to go on from apart.
   */
  constructor(
    readonly card: SimCard,
    firstMark: number,
    private readonly complain: Complain,
    known?: SimHosts,
  ) {
    const blocks = card.geometry.sizeBytes / BLOCK_BYTES;
    this.model = known?.model.copy() ?? new HostModel(blocks, firstMark);
    this.order = known?.order.copy() ?? new CrashOrder();
  }

  get underWay(): number {
    return this.#underWay.length;
  }

  get changesUnderWay(): ModelWrite[] {
    return this.#underWay.flatMap((operation) => (operation.kind === 'write' ? [operation.write] : []));
  }

  /** When the command was asked for that has waited longest for its answer. */
  get oldestUs(): number | undefined {
    return this.#underWay[0]?.askedUs;
  }

  /** Something of a random kind and place. Nothing, while the card is off. */
  any(random: Random, span: HostSpan): void {
    if (random.chance(READ_CHANCE)) {
      const { first, count } = span.place(random, random.between(1, MOST_BLOCKS));
      this.read(first, count);
    } else {
      this.change(random, span);
    }
  }

  /** As {@link any}, but no read. */
  change(random: Random, span: HostSpan): void {
    const kind = random.below(100);
    const { first, count } = span.place(random, random.between(1, random.chance(LONG_CHANCE) ? LONG_BLOCKS : MOST_BLOCKS));
    const fua = random.chance(0.3);
    if (kind < 15) this.flush();
    else if (kind < 30) this.zero(first, count, fua);
    else this.write(first, count, fua);
  }

  write(firstBlock: number, blocks: number, fua: boolean): void {
    const { components } = this.card;
    if (components === undefined) return;
    const write = this.model.write(firstBlock, blocks, fua);
    this.order.asked(write);
    this.onChange?.(write);
    const running = this.card.launch(components.io.write(firstBlock * BLOCK_BYTES, markedBlocks(firstBlock, blocks, write.mark), fua));
    this.#underWay.push({ kind: 'write', write, running, askedUs: this.#nowUs });
  }

  zero(firstBlock: number, blocks: number, fua: boolean): void {
    const { components } = this.card;
    if (components === undefined) return;
    const write = this.model.zero(firstBlock, blocks, fua);
    this.order.asked(write);
    this.onChange?.(write);
    const running = this.card.launch(components.io.zero(firstBlock * BLOCK_BYTES, blocks * BLOCK_BYTES, fua));
    this.#underWay.push({ kind: 'write', write, running, askedUs: this.#nowUs });
  }

  flush(): void {
    const { components } = this.card;
    if (components === undefined) return;
    this.note();
    this.#underWay.push({ kind: 'flush', covers: this.model.acknowledgedWrites(), running: this.card.launch(components.io.flush()), askedUs: this.#nowUs });
  }

  read(firstBlock: number, blocks: number): void {
    const { components } = this.card;
    if (components === undefined) return;
    this.note();
    const into = new Uint8Array(blocks * BLOCK_BYTES);
    const running = this.card.launch(components.io.read(firstBlock * BLOCK_BYTES, into));
    this.#underWay.push({ kind: 'read', read: this.model.read(firstBlock, blocks), into, running, askedUs: this.#nowUs });
  }

  get #nowUs(): number {
    return this.card.power.scheduler.nowUs;
  }

  /** Takes notice of what has been answered. @throws RuleBroken when a read returned what it must not. */
  note(): void {
    const left: HostOperation[] = [];
    for (const operation of this.#underWay) {
      const { outcome } = operation.running;
      if (outcome === undefined) left.push(operation);
      else if ('value' in outcome) this.#succeeded(operation);
      else this.#failed(operation, outcome.error);
    }
    this.#underWay = left;
  }

  /** Takes no more notice of what is under way, and tells of the writes and zeroes among it. */
  release(): Running<void>[] {
    const changes = this.#underWay.filter(({ kind }) => kind === 'write').map(({ running }) => running);
    this.forget();
    return changes;
  }

  /** Nobody will answer what is under way, or the answers mean nothing. */
  forget(): void {
    for (const operation of this.#underWay) if (operation.kind === 'read') operation.read.end();
    this.#underWay = [];
  }

  /** Rules 4 and 6: hosts go on, whatever becomes of the line, the other card and T0. Only volume and NVRAM are theirs as well. */
  #failed(operation: HostOperation, error: unknown): void {
    if (operation.kind === 'read') operation.read.end();
    const { power } = this.card;
    const isPartsFault = error instanceof PartError && (power.hasFailed('volume', operation.askedUs) || power.hasFailed('nvram', operation.askedUs));
    if (!isPartsFault) this.complain(4, 'state', `at ${this.card.name} a host's ${operation.kind} failed, and neither volume nor NVRAM did: ${String(error)}`);
  }

  #succeeded(operation: HostOperation): void {
    switch (operation.kind) {
      case 'write':
        this.acknowledgedChanges += 1;
        this.model.acknowledge(operation.write);
        if (operation.write.fua) this.order.durable([operation.write], this.model.order);
        break;
      case 'flush':
        this.model.makeDurable(operation.covers);
        this.order.durable(operation.covers, this.model.order);
        break;
      case 'read': {
        const content = blocksOf(operation.into);
        const fault = this.model.faultOfRead(operation.read, (index) => content[index] ?? ZERO_BLOCK);
        if (fault !== undefined) throw new RuleBroken(10, 'data', fault);
        break;
      }
    }
  }
}
