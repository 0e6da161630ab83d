import type { Completion, Disk } from '../../firmware/hal.js';
import { BLOCK_BYTES } from '../../firmware/limits.js';
import { BlockImage, hashOfBlock } from './block-image.js';
import type { OperationKind, PartName, SimPower } from './power.js';

const LEAST_US = 40;
const MOST_US = 600;
const ZERO_BLOCK = new Uint8Array(BLOCK_BYTES);

/** A disk with a volatile write cache: a power cut leaves each unflushed block old or new, and never in between. */
export class SimDisk implements Disk {
  readonly #durable: BlockImage;
  /** Blocks written and not flushed. */
  readonly #cache = new Map<number, Uint8Array>();

  constructor(
    private readonly power: SimPower,
    private readonly part: PartName,
    readonly sizeBytes: number,
  ) {
    this.#durable = new BlockImage(sizeBytes / BLOCK_BYTES);
  }

  read(offsetBytes: number, into: Uint8Array, done: Completion<void>): void {
    this.#submit('read', offsetBytes, into.length, done, () => {
      for (let at = 0; at < into.length; at += BLOCK_BYTES) into.set(this.block((offsetBytes + at) / BLOCK_BYTES), at);
    });
  }

  write(offsetBytes: number, from: Uint8Array, done: Completion<void>): void {
    // Taken from memory only when it takes effect: who changes a payload before is found out (rule 10).
    const store = (at: number): void => { this.#cache.set((offsetBytes + at) / BLOCK_BYTES, from.slice(at, at + BLOCK_BYTES)); };
    this.#change('write', offsetBytes, from.length, done, store);
  }

  zero(offsetBytes: number, lengthBytes: number, done: Completion<void>): void {
    this.#change('zero', offsetBytes, lengthBytes, done, (at) => { this.#cache.set((offsetBytes + at) / BLOCK_BYTES, ZERO_BLOCK); });
  }

  flush(done: Completion<void>): void {
    // What is completed at the call, and not a byte more.
    const captured = [...this.#cache];
    this.#submit('flush', 0, 0, done, () => {
      for (const [block, bytes] of captured) {
        this.#durable.set(block, bytes);
        if (this.#cache.get(block) === bytes) this.#cache.delete(block);
      }
    });
  }

  /** As a read would find it. */
  block(block: number): Uint8Array {
    return this.#cache.get(block) ?? this.#durable.get(block);
  }

  /** As a cut would leave it if nothing unflushed had reached the disk. */
  get durable(): BlockImage {
    return this.#durable;
  }

  /** Blocks of which a cut may leave the old content or this one. */
  get unflushed(): ReadonlyMap<number, Uint8Array> {
    return this.#cache;
  }

  /** The hash of a block as a read would find it. */
  hash(block: number): number {
    const cached = this.#cache.get(block);
    return cached === undefined ? this.#durable.hash(block) : hashOfBlock(cached);
  }

  /** After a cut: `keeps` decides for each unflushed block whether it had reached the disk. */
  settle(keeps: (block: number) => boolean): void {
    for (const [block, bytes] of this.#cache) if (keeps(block)) this.#durable.set(block, bytes);
    this.#cache.clear();
  }

  /** @param store puts the block at a place of the operation into the cache. */
  #change(kind: OperationKind, offsetBytes: number, lengthBytes: number, done: Completion<void>, store: (at: number) => void): void {
    const all = (which: () => boolean): void => {
      for (let at = 0; at < lengthBytes; at += BLOCK_BYTES) if (which()) store(at);
    };
    const { random } = this.power;
    this.#submit(kind, offsetBytes, lengthBytes, done, () => { all(() => true); }, () => { all(() => random.chance(0.5)); });
  }

  #submit(kind: OperationKind, offsetBytes: number, lengthBytes: number, done: Completion<void>, run: () => void, atCut?: () => void): void {
    if (offsetBytes % BLOCK_BYTES !== 0 || lengthBytes % BLOCK_BYTES !== 0) throw new Error('a disk operation on half a block');
    if (offsetBytes < 0 || offsetBytes + lengthBytes > this.sizeBytes) throw new Error('a disk operation past the end');
    this.power.submit({ part: this.part, kind, offsetBytes, lengthBytes }, this.power.dueUs(LEAST_US, MOST_US), done, run, atCut);
  }
}
