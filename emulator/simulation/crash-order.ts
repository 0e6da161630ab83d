import type { ModelWrite } from './host-model.js';
import { ALIEN } from './marked-blocks.js';

/** A write that was known to be durable. */
interface DurableWrite {
  readonly order: number;
  /** How much had been asked for when it was known: whoever asked for something later knew it too. */
  readonly knownAt: number;
}

/**
 * What a consistent volume must not be (rule 12): old in one place and new in another. If it holds a write, it holds
 * every write that was durable before that one was asked for, or something newer.
 */
export class CrashOrder {
  readonly #durable = new Map<number, DurableWrite[]>();
  readonly #orderOfMark = new Map<number, number>();
  /** The newest zeroes asked for in each block: zeroes do not tell which they are. */
  readonly #newestZero = new Map<number, number>();

  /** All that is known by now, to go on from apart. */
  copy(): CrashOrder {
    const copy = new CrashOrder();
    for (const [block, writes] of this.#durable) copy.#durable.set(block, [...writes]);
    for (const [mark, order] of this.#orderOfMark) copy.#orderOfMark.set(mark, order);
    for (const [block, order] of this.#newestZero) copy.#newestZero.set(block, order);
    return copy;
  }

  asked({ mark, order, firstBlock, blocks }: ModelWrite): void {
    if (mark !== 0) this.#orderOfMark.set(mark, order);
    else for (let block = firstBlock; block < firstBlock + blocks; block += 1) this.#newestZero.set(block, order);
  }

  durable(writes: readonly ModelWrite[], knownAt: number): void {
    for (const { order, firstBlock, blocks } of writes) {
      for (let block = firstBlock; block < firstBlock + blocks; block += 1) {
        const known = this.#durable.get(block);
        if (known === undefined) this.#durable.set(block, [{ order, knownAt }]);
        else known.push({ order, knownAt });
      }
    }
  }

  /** Damage has changed what the volume holds (rule 14): nothing is known to be durable any more. */
  forget(): void {
    this.#durable.clear();
  }

  /** Blocks of which something was durable. */
  get blocks(): Iterable<number> {
    return this.#durable.keys();
  }

  /**
   * What is old in one of these blocks where something else is new in another, in a sentence.
   * @param marks that the blocks bear, in the same order.
   */
  fault(blocks: readonly number[], marks: readonly number[]): string | undefined {
    let newest = -1;
    for (const mark of marks) newest = Math.max(newest, this.#orderOfMark.get(mark) ?? -1);
    for (const [index, block] of blocks.entries()) {
      const mark = marks[index] ?? ALIEN;
      const order = mark === 0 ? (this.#newestZero.get(block) ?? -1) : this.#orderOfMark.get(mark);
      if (mark === ALIEN || order === undefined) continue;
      const missed = this.#durable.get(block)?.find((write) => write.knownAt <= newest && write.order > order);
      if (missed !== undefined) return `block ${String(block)} is older than what was durable there before hosts asked for something that another block holds`;
    }
    return undefined;
  }
}
