import type { ModelWrite } from './host-model.js';
import { ALIEN, markOf } from './marked-blocks.js';

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
  readonly #durable: DurableWrite[][];
  readonly #orderOfMark = new Map<number, number>();
  /** The newest zeroes asked for in each block: zeroes do not tell which they are. */
  readonly #newestZero: Int32Array;

  constructor(blocks: number) {
    this.#durable = Array.from({ length: blocks }, () => []);
    this.#newestZero = new Int32Array(blocks).fill(-1);
  }

  asked({ mark, order, firstBlock, blocks }: ModelWrite): void {
    if (mark === 0) this.#newestZero.fill(order, firstBlock, firstBlock + blocks);
    else this.#orderOfMark.set(mark, order);
  }

  durable(writes: readonly ModelWrite[], knownAt: number): void {
    for (const { order, firstBlock, blocks } of writes) {
      for (let block = firstBlock; block < firstBlock + blocks; block += 1) this.#durable[block]?.push({ order, knownAt });
    }
  }

  /** Damage has changed what the volume holds (rule 14): nothing is known to be durable any more. */
  forget(): void {
    for (const writes of this.#durable) writes.length = 0;
  }

  /** What is old where something else is new, in a sentence. */
  fault(content: (block: number) => Uint8Array, firstBlock: number, blocks: number): string | undefined {
    const marks = Array.from({ length: blocks }, (_, i) => markOf(content(firstBlock + i), firstBlock + i));
    const newest = marks.reduce((most, mark) => Math.max(most, this.#orderOfMark.get(mark) ?? -1), -1);
    for (const [i, mark] of marks.entries()) {
      const block = firstBlock + i;
      const order = mark === 0 ? (this.#newestZero[block] ?? -1) : this.#orderOfMark.get(mark);
      if (mark === ALIEN || order === undefined) continue;
      const missed = this.#durable[block]?.find((write) => write.knownAt <= newest && write.order > order);
      if (missed !== undefined) return `block ${String(block)} is older than what was durable there before hosts asked for something that another block holds`;
    }
    return undefined;
  }
}
