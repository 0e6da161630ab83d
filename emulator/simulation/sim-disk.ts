import type { Completion, Disk } from '../../firmware/hal.js';
import { BLOCK_BYTES } from '../../firmware/limits.js';
import { type Block, blocksOf, ZERO_BLOCK } from './block.js';
import type { BlockImage } from './block-image.js';
import type { Atom, DurablePart, Unsettled } from './card-image.js';
import type { OperationKind, SimPower } from './power.js';
import { copyOf } from './slab.js';

const LEAST_US = 40;
const MOST_US = 600;

/** A block in the write cache. */
interface Cached {
  readonly block: Block;
  /** Of which write: their numbers count up. */
  readonly write: number;
}

/** A disk with a volatile write cache: a power cut leaves each unflushed block old or new, and never in between. */
export class SimDisk implements Disk {
  /** Blocks written and not flushed. */
  readonly #cache = new Map<number, Cached>();
  #writes = 0;

  /** @param durable as a cut would leave it if nothing unflushed had reached the disk. */
  constructor(
    private readonly power: SimPower,
    private readonly part: DurablePart,
    readonly sizeBytes: number,
    readonly durable: BlockImage,
  ) {}

  read(offsetBytes: number, into: Uint8Array, done: Completion<void>): void {
    this.#submit('read', offsetBytes, into.length, done, () => {
      for (let at = 0; at < into.length; at += BLOCK_BYTES) into.set(this.block((offsetBytes + at) / BLOCK_BYTES).bytes, at);
    });
  }

  write(offsetBytes: number, from: Uint8Array, done: Completion<void>): void {
    // Taken from memory only when it takes effect: who changes a payload before is found out (rule 10).
    this.#change('write', offsetBytes, from.length, done, () => blocksOf(copyOf(from)));
  }

  zero(offsetBytes: number, lengthBytes: number, done: Completion<void>): void {
    this.#change('zero', offsetBytes, lengthBytes, done, () => new Array<Block>(lengthBytes / BLOCK_BYTES).fill(ZERO_BLOCK));
  }

  flush(done: Completion<void>): void {
    // What is completed at the call, and not a byte more.
    const captured = [...this.#cache];
    this.#submit('flush', 0, 0, done, () => {
      for (const [block, cached] of captured) {
        this.durable.set(block, cached.block);
        if (this.#cache.get(block) === cached) this.#cache.delete(block);
      }
    });
  }

  /** As a read would find it. */
  block(block: number): Block {
    return this.#cache.get(block)?.block ?? this.durable.get(block);
  }

  /** Blocks of which a cut may leave the old content or the one that a read would find. */
  get unflushed(): Iterable<number> {
    return this.#cache.keys();
  }

  /** Writes that are done and not flushed, the oldest first. */
  get unsettled(): Unsettled[] {
    const writes = new Map<number, Atom[]>();
    for (const [at, { block: { bytes }, write }] of this.#cache) {
      const atoms = writes.get(write);
      if (atoms === undefined) writes.set(write, [{ at, bytes }]);
      else atoms.push({ at, bytes });
    }
    return [...writes].sort(([one], [other]) => one - other).map(([, atoms]) => ({ part: this.part, atoms }));
  }

  /** The power went, and the cache with it. */
  cut(): void {
    this.#cache.clear();
  }

  /** @param content of the blocks, as it is when it is asked for. */
  #change(kind: OperationKind, offsetBytes: number, lengthBytes: number, done: Completion<void>, content: () => readonly Block[]): void {
    const firstBlock = offsetBytes / BLOCK_BYTES;
    const atoms = (): Atom[] => content().map(({ bytes }, index) => ({ at: firstBlock + index, bytes }));
    this.#submit(kind, offsetBytes, lengthBytes, done, () => {
      this.#writes += 1;
      for (const [index, block] of content().entries()) this.#cache.set(firstBlock + index, { block, write: this.#writes });
    }, atoms);
  }

  #submit(kind: OperationKind, offsetBytes: number, lengthBytes: number, done: Completion<void>, run: () => void, atoms?: () => Atom[]): void {
    if (offsetBytes % BLOCK_BYTES !== 0 || lengthBytes % BLOCK_BYTES !== 0) throw new Error('a disk operation on half a block');
    if (offsetBytes < 0 || offsetBytes + lengthBytes > this.sizeBytes) throw new Error('a disk operation past the end');
    this.power.submit({ part: this.part, kind, offsetBytes, lengthBytes }, this.power.dueUs(LEAST_US, MOST_US), done, run, atoms);
  }
}
