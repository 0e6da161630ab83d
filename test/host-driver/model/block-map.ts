import { markedBlocks, markOf } from '../../../emulator/simulation/marked-blocks.js';

/** Something that a host asked for, and that one or more blocks hold after it. */
export interface Change {
  /** What its blocks bear; 0 for zeroes. */
  readonly mark: number;
  readonly lba: number;
  readonly blocks: number;
  acknowledged: boolean;
}

/** What each block of a range may hold from some instant on: a place in the block's list of changes. */
export interface Outlook {
  readonly lba: number;
  readonly oldest: readonly number[];
}

/**
 * What a volume should hold: a plain map from LBA to what was put there, in the order of the calls. Of each block
 * the newest change that was acknowledged counts, or any asked for after it: what is in flight may have happened.
 */
export class BlockMap {
  readonly #blocks = new Map<number, Change[]>();
  #nextMark = 1;

  /** A write begins. @returns it, and the data that it has to carry. */
  write(lba: number, blocks: number): { readonly change: Change; readonly data: Uint8Array } {
    const mark = this.#nextMark;
    this.#nextMark += 1;
    return { change: this.#put(lba, blocks, mark), data: markedBlocks(lba, blocks, mark) };
  }

  /** A write-zeroes or discard begins. */
  zero(lba: number, blocks: number): Change {
    return this.#put(lba, blocks, 0);
  }

  /** What whoever looks from now on may see of a range. */
  outlook(lba: number, blocks: number): Outlook {
    return { lba, oldest: Array.from({ length: blocks }, (_, index) => this.#newestAcknowledged(lba + index)) };
  }

  /** What whoever looks once a change has happened may see of its range. */
  outlookAfter(change: Change): Outlook {
    return { lba: change.lba, oldest: Array.from({ length: change.blocks }, (_, index) => this.#changes(change.lba + index).indexOf(change)) };
  }

  /** What everything changed so far has to be at least, once a flush called now has ended. */
  outlooks(): Outlook[] {
    return [...this.#blocks.keys()].map((lba) => this.outlook(lba, 1));
  }

  /** What is wrong with content seen by now, in a sentence; undefined when nothing is. */
  faultOf({ lba, oldest }: Outlook, content: Uint8Array): string | undefined {
    const blockBytes = content.length / oldest.length;
    for (const [index, from] of oldest.entries()) {
      const block = lba + index;
      const mark = markOf(content.slice(index * blockBytes, (index + 1) * blockBytes), block);
      const marks = this.#changes(block).slice(Math.max(from, 0)).map((change) => change.mark);
      // Before all changes stand the zeroes of a new volume.
      if (from < 0) marks.unshift(0);
      if (!marks.includes(mark)) return `block ${String(block)} holds ${String(mark)}, and not one of ${marks.join(', ')}`;
    }
    return undefined;
  }

  /** Blocks that were changed, certainly or perhaps. */
  changedBlocks(certainly: boolean): number[] {
    return [...this.#blocks].filter(([, changes]) => changes.some(({ acknowledged }) => acknowledged || !certainly)).map(([lba]) => lba);
  }

  /** Its place among the block's changes; -1 when there is none. */
  #newestAcknowledged(lba: number): number {
    const changes = this.#changes(lba);
    let at = changes.length - 1;
    while (at >= 0 && changes[at]?.acknowledged !== true) at -= 1;
    return at;
  }

  #changes(lba: number): readonly Change[] {
    return this.#blocks.get(lba) ?? [];
  }

  #put(lba: number, blocks: number, mark: number): Change {
    const change = { mark, lba, blocks, acknowledged: false };
    for (let block = lba; block < lba + blocks; block += 1) this.#blocks.set(block, [...this.#changes(block), change]);
    return change;
  }
}
