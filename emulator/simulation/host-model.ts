import type { Block } from './block.js';
import type { Fingerprint } from './fingerprint.js';
import { ALIEN } from './marked-blocks.js';
import { PossibleContent } from './possible-content.js';

const MOST_FAULTS = 4;

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

/** What a volume holds. */
export interface VolumeContent {
  readonly block: (block: number) => Block;
  /** Visits the blocks that are not the very ones of a list. */
  differing(known: readonly (Block | undefined)[], visit: (block: number, content: Block) => void): void;
}

/** A read that was asked for. */
export interface ModelRead {
  readonly firstBlock: number;
  readonly blocks: number;
  /** What each block could hold when it was asked for, and whatever was asked for since. */
  readonly allowed: readonly (readonly number[])[];
  /** It was answered, or never will be. */
  readonly end: () => void;
}

/** What blocks held for certain. */
interface Settled {
  readonly marks: Int32Array;
  /** Of each block, the very one that its mark was read from. */
  readonly read: (Block | undefined)[];
}

/** Is told of every write. */
export interface ModelObserver {
  submitted(write: ModelWrite): void;
  acknowledged?(write: ModelWrite): void;
}

/**
 * The reference model of one volume: it knows only what hosts wrote and what was acknowledged, and nothing of
 * cards. Of each block it keeps what the block held for certain, its base, and every write since, in the order in
 * which they were asked for, which is the order in which overlapping writes take effect (rule 10).
 */
export class HostModel {
  #base: Settled;
  /** Others hold the base as well: it is replaced, not changed. */
  #sharesBase = false;
  /** Of the blocks that were written since. */
  readonly #history = new Map<number, ModelWrite[]>();
  readonly #observers = new Set<ModelObserver>();
  #nextMark: number;
  #order = 0;

  /** @param firstMark so that the marks of one volume's hosts are not those of another's. */
  constructor(
    readonly blocks: number,
    firstMark = 1,
    base: Settled = { marks: new Int32Array(blocks), read: new Array<Block | undefined>(blocks) },
  ) {
    this.#nextMark = firstMark;
    this.#base = base;
  }

  /** All that is known by now, to go on from apart, with nobody who observes it. */
  copy(): HostModel {
    const copy = new HostModel(this.blocks, this.#nextMark, this.#base);
    copy.#sharesBase = this.#sharesBase = true;
    copy.#order = this.#order;
    const copies = new Map<ModelWrite, ModelWrite>();
    for (const [block, history] of this.#history) {
      copy.#history.set(block, history.map((write) => {
        const known = copies.get(write) ?? { ...write };
        copies.set(write, known);
        return known;
      }));
    }
    return copy;
  }

  /** Takes what was asked for and acknowledged into a fingerprint. */
  addTo(fingerprint: Fingerprint): void {
    for (const [block, history] of this.#history) {
      for (const [index, { mark, acknowledged, durable }] of history.entries()) {
        fingerprint.toggle(block + index * this.blocks, mark * 4 + (acknowledged ? 2 : 0) + (durable ? 1 : 0));
      }
    }
  }

  /** How much was asked for so far. */
  get order(): number {
    return this.#order;
  }

  /** What was asked for from an {@link order} on. */
  since(order: number, block: number): number[] {
    return (this.#history.get(block) ?? []).filter((write) => write.order >= order).map(({ mark }) => mark);
  }

  /** Blocks of which something was asked for from an {@link order} on. */
  blocksSince(order: number): number[] {
    return [...this.#history].filter(([, history]) => history.some((write) => write.order >= order)).map(([block]) => block);
  }

  /** {@link now}, of all blocks. */
  contentNow(): PossibleContent {
    this.#sharesBase = true;
    const content = new PossibleContent(this.#base.marks);
    for (const block of this.#history.keys()) content.set(block, this.now(block));
    return content;
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

  /** @returns ends it. */
  observe(observer: ModelObserver): () => void {
    this.#observers.add(observer);
    return () => { this.#observers.delete(observer); };
  }

  acknowledge(write: ModelWrite): void {
    write.acknowledged = true;
    for (const observer of this.#observers) observer.acknowledged?.(write);
    if (write.fua) this.makeDurable([write]);
  }

  /** What a flush asked for now covers. */
  acknowledgedWrites(): ModelWrite[] {
    const writes = new Set<ModelWrite>();
    for (const history of this.#history.values()) for (const write of history) if (write.acknowledged && !write.durable) writes.add(write);
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
    return this.#from(block, this.#history.get(block)?.[0]?.durable === true ? 0 : -1);
  };

  /** While the card runs: the newest write that was acknowledged, or any asked for after it. */
  readonly now: Allowed = (block) => this.#from(block, this.#newestAcknowledged(block));

  /** Blocks of which more than one content is possible after a cut, in their order. */
  uncertainBlocks(): number[] {
    const uncertain = [...this.#history].filter(([, history]) => history.length > 1 || history[0]?.durable === false);
    return uncertain.map(([block]) => block).sort((a, b) => a - b);
  }

  read(firstBlock: number, blocks: number): ModelRead {
    const allowed = Array.from({ length: blocks }, (_, i) => [...this.now(firstBlock + i)]);
    // Noted as they come: of two writes that are durable by the time of the answer, the first is forgotten by then.
    const end = this.observe({
      submitted: (write) => {
        const last = Math.min(firstBlock + blocks, write.firstBlock + write.blocks);
        for (let block = Math.max(firstBlock, write.firstBlock); block < last; block += 1) allowed[block - firstBlock]?.push(write.mark);
      },
    });
    return { firstBlock, blocks, allowed, end };
  }

  /** What is wrong with what a read returned, in a sentence. A read that a cut has overtaken is not to be judged. */
  faultOfRead({ firstBlock, blocks, allowed, end }: ModelRead, returned: (index: number) => Block): string | undefined {
    end();
    for (let i = 0; i < blocks; i += 1) {
      const block = firstBlock + i;
      const mark = returned(i).markAt(block);
      const marks = allowed[i] ?? [];
      if (!marks.includes(mark)) return `a read of block ${String(block)} returned ${named(mark)}; ${listed(marks)} would do`;
    }
    return undefined;
  }

  /** What is wrong with the content of the hosts' own volume, one line a block, the first few. */
  faults(volume: VolumeContent, allowed: Allowed, spared?: (block: number) => boolean): string[] {
    const suspects = new Set(this.#history.keys());
    volume.differing(this.#base.read, (block) => { suspects.add(block); });
    return faultsOf(volume.block, suspects, allowed, spared);
  }

  /** After a cut: what is there now is what there is. */
  settleOn(volume: VolumeContent): void {
    volume.differing(this.#base.read, (block, content) => { this.#setBase(block, content.markAt(block), content); });
    this.#history.clear();
  }

  /** As {@link settleOn}, for one block. */
  settle(block: number, content: Block): void {
    this.#setBase(block, content.markAt(block), undefined);
    this.#history.delete(block);
  }

  /** A card that runs and comes into the hosts' hands: what it holds durably, or what it reads as by now. */
  adopt(durable: VolumeContent, seen: VolumeContent): void {
    this.settleOn(durable);
    seen.differing(this.#base.read, (block, content) => {
      const mark = content.markAt(block);
      if (mark !== this.#base.marks[block]) this.#add(mark, block, 1, false).acknowledged = true;
    });
  }

  #setBase(block: number, mark: number, read: Block | undefined): void {
    if (this.#sharesBase) this.#base = { marks: this.#base.marks.slice(), read: this.#base.read.slice() };
    this.#sharesBase = false;
    this.#base.marks[block] = mark;
    this.#base.read[block] = read;
  }

  #add(mark: number, firstBlock: number, blocks: number, fua: boolean): ModelWrite {
    const write: ModelWrite = { mark, firstBlock, blocks, fua, order: this.#order, acknowledged: false, durable: false };
    this.#order += 1;
    for (let block = firstBlock; block < firstBlock + blocks; block += 1) {
      const history = this.#history.get(block);
      if (history === undefined) this.#history.set(block, [write]);
      else history.push(write);
    }
    for (const observer of this.#observers) observer.submitted(write);
    return write;
  }

  /** A durable write makes everything before it history. It stays itself, as the first of what is left. */
  #forgetBefore(block: number, write: ModelWrite): void {
    const history = this.#history.get(block);
    const at = history?.indexOf(write) ?? -1;
    if (at > 0) history?.splice(0, at);
  }

  #newestAcknowledged(block: number): number {
    const history = this.#history.get(block) ?? [];
    let at = history.length - 1;
    while (at >= 0 && history[at]?.acknowledged !== true) at -= 1;
    return at;
  }

  /** @param at a place in the history, or before it. */
  #from(block: number, at: number): number[] {
    const marks = (this.#history.get(block) ?? []).slice(Math.max(0, at)).map(({ mark }) => mark);
    return at < 0 ? [this.#base.marks[block] ?? 0, ...marks] : marks;
  }
}

/** What is wrong with some blocks, one line each, the first few. */
export function faultsOf(content: (block: number) => Block, blocks: Iterable<number>, allowed: Allowed, spared: (block: number) => boolean = () => false): string[] {
  const faults: string[] = [];
  for (const block of blocks) {
    const mark = content(block).markAt(block);
    const marks = allowed(block);
    if (marks.includes(mark) || spared(block)) continue;
    faults.push(`block ${String(block)} holds ${named(mark)}; ${listed(marks)} would do`);
    if (faults.length === MOST_FAULTS) break;
  }
  return faults;
}

function named(mark: number): string {
  if (mark === ALIEN) return 'something that no host wrote there';
  return mark === 0 ? 'zeroes' : `write ${String(mark)}`;
}

function listed(marks: readonly number[]): string {
  return [...new Set(marks)].map(named).join(', ');
}
