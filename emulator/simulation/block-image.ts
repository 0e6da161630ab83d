import { type Block, ZERO_BLOCK } from './block.js';
import { Fingerprint } from './fingerprint.js';

/** The content of a disk, in blocks. */
export class BlockImage {
  readonly #blocks: Block[];
  readonly #fingerprint = new Fingerprint();

  constructor(blocks: number) {
    this.#blocks = new Array<Block>(blocks).fill(ZERO_BLOCK);
  }

  get(block: number): Block {
    return this.#blocks[block] ?? ZERO_BLOCK;
  }

  set(block: number, content: Block): void {
    this.#fingerprint.toggle(block, this.get(block).hash);
    this.#blocks[block] = content;
    this.#fingerprint.toggle(block, content.hash);
  }

  /** @param other of the same size. */
  copyFrom(other: BlockImage): void {
    for (let block = 0; block < this.#blocks.length; block += 1) this.#blocks[block] = other.get(block);
    this.#fingerprint.copyFrom(other.#fingerprint);
  }

  /** @param part of the whole, 0 to 31. */
  addTo(fingerprint: Fingerprint, part: number): void {
    fingerprint.toggleAll(this.#fingerprint, part);
  }
}
