import { ALIEN, markOf } from './marked-blocks.js';

/** Something that a host asked the card to put on its volume. */
export interface ModelWrite {
  /** 0 for zeroes. */
  readonly mark: number;
  readonly firstBlock: number;
  readonly blocks: number;
  readonly fua: boolean;
  /** Of all that was asked for, the how manieth. */
  readonly order: number;
  acknowledged: boolean;
  durable: boolean;
}

/** What a volume may hold at one block: any of the marks. */
export type Allowed = (block: number) => readonly number[];

/** A read that was asked for. */
export interface ModelRead {
  readonly firstBlock: number;
  readonly blocks: number;
  /** Of all that was asked for, the how manieth: what is asked for later may be what it returns. */
  readonly order: number;
  /** What each block could have held when it was asked for. */
  readonly before: readonly (readonly number[])[];
}

/**
 * The reference model of one volume: it knows only what hosts wrote and what was acknowledged, and nothing of
 * cards. Of each block it keeps what the block held for certain, its base, and every write since, in the order in
 * which they were asked for, which is the order in which overlapping writes take effect (rule 10).
 */
export class HostModel {
  readonly #base: Int32Array;
  readonly #history: ModelWrite[][];
  #nextMark: number;
  #order = 0;

  /** @param firstMark so that the marks of one volume's hosts are not those of another's. */
  constructor(
    readonly blocks: number,
    firstMark = 1,
  ) {
    this.#nextMark = firstMark;
    this.#base = new Int32Array(blocks);
    this.#history = Array.from({ length: blocks }, () => []);
  }

  /** How much was asked for so far. */
  get order(): number {
    return this.#order;
  }

  /** What was asked for from an {@link order} on. */
  since(order: number, block: number): number[] {
    return (this.#history[block] ?? []).filter((write) => write.order >= order).map(({ mark }) => mark);
  }

  /** @returns the write, whose mark its data bears. */
  write(firstBlock: number, blocks: number, fua: boolean): ModelWrite {
    const write = this.#add(this.#nextMark, firstBlock, blocks, fua);
    this.#nextMark += 1;
    return write;
  }

  zero(firstBlock: number, blocks: number, fua: boolean): ModelWrite {
    return this.#add(0, firstBlock, blocks, fua);
  }

  acknowledge(write: ModelWrite): void {
    write.acknowledged = true;
    if (write.fua) this.makeDurable([write]);
  }

  /** What a flush asked for now covers. */
  acknowledgedWrites(): ModelWrite[] {
    const writes = new Set<ModelWrite>();
    for (const history of this.#history) for (const write of history) if (write.acknowledged && !write.durable) writes.add(write);
    return [...writes];
  }

  /** Rule 4: a flush that covers them, or their own FUA, was acknowledged. */
  makeDurable(writes: readonly ModelWrite[]): void {
    for (const write of writes) {
      write.durable = true;
      for (let block = write.firstBlock; block < write.firstBlock + write.blocks; block += 1) this.#forgetBefore(block, write);
    }
  }

  /** After a power cut (rule 4): what is known to be durable, or anything asked for since. */
  readonly afterCut: Allowed = (block) => {
    const history = this.#history[block] ?? [];
    return this.#from(block, history[0]?.durable === true ? 0 : -1);
  };

  /** While the card runs: the newest write that was acknowledged, or any asked for after it. */
  readonly now: Allowed = (block) => this.#from(block, this.#newestAcknowledged(block));

  read(firstBlock: number, blocks: number): ModelRead {
    return { firstBlock, blocks, order: this.#order, before: Array.from({ length: blocks }, (_, i) => this.now(firstBlock + i)) };
  }

  /** What is wrong with what a read returned, in a sentence. A read that a cut has overtaken is not to be judged. */
  faultOfRead({ firstBlock, blocks, order, before }: ModelRead, returned: (index: number) => Uint8Array): string | undefined {
    for (let i = 0; i < blocks; i += 1) {
      const block = firstBlock + i;
      const mark = markOf(returned(i), block);
      // Any write asked for meanwhile will do as well.
      if (before[i]?.includes(mark) === true || this.since(order, block).includes(mark)) continue;
      return `a read of block ${String(block)} returned ${named(mark)}; ${(before[i] ?? []).map(named).join(', ')} would do`;
    }
    return undefined;
  }

  /** What is wrong with the content of a volume, one line a block, the first few. */
  faults(content: (block: number) => Uint8Array, allowed: Allowed, spared: (block: number) => boolean = () => false): string[] {
    const faults: string[] = [];
    for (let block = 0; block < this.blocks && faults.length < 4; block += 1) {
      const mark = markOf(content(block), block);
      const marks = allowed(block);
      if (!marks.includes(mark) && !spared(block)) faults.push(`block ${String(block)} holds ${named(mark)}; ${[...new Set(marks)].map(named).join(', ')} would do`);
    }
    return faults;
  }

  /** After a cut: what is there now is what there is. */
  settleOn(content: (block: number) => Uint8Array): void {
    for (let block = 0; block < this.blocks; block += 1) {
      this.#base[block] = markOf(content(block), block);
      const history = this.#history[block];
      if (history !== undefined && history.length > 0) this.#history[block] = [];
    }
  }

  /** A card that runs and comes into the hosts' hands: what it holds durably, or what it reads as by now. */
  adopt(durable: (block: number) => Uint8Array, seen: (block: number) => Uint8Array): void {
    this.settleOn(durable);
    for (let block = 0; block < this.blocks; block += 1) {
      const mark = markOf(seen(block), block);
      if (mark !== this.#base[block]) this.#add(mark, block, 1, false).acknowledged = true;
    }
  }

  #add(mark: number, firstBlock: number, blocks: number, fua: boolean): ModelWrite {
    const write: ModelWrite = { mark, firstBlock, blocks, fua, order: this.#order, acknowledged: false, durable: false };
    this.#order += 1;
    for (let block = firstBlock; block < firstBlock + blocks; block += 1) this.#history[block]?.push(write);
    return write;
  }

  /** A durable write makes everything before it history. It stays itself, as the first of what is left. */
  #forgetBefore(block: number, write: ModelWrite): void {
    const history = this.#history[block];
    const at = history?.indexOf(write) ?? -1;
    if (at > 0) history?.splice(0, at);
  }

  #newestAcknowledged(block: number): number {
    const history = this.#history[block] ?? [];
    let at = history.length - 1;
    while (at >= 0 && history[at]?.acknowledged !== true) at -= 1;
    return at;
  }

  /** @param at a place in the history, or before it. */
  #from(block: number, at: number): number[] {
    const marks = (this.#history[block] ?? []).slice(Math.max(0, at)).map(({ mark }) => mark);
    return at < 0 ? [this.#base[block] ?? 0, ...marks] : marks;
  }
}

function named(mark: number): string {
  if (mark === ALIEN) return 'something that no host wrote there';
  return mark === 0 ? 'zeroes' : `write ${String(mark)}`;
}
