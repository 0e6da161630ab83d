import { Blake3Digest } from '../../parts/blake3-digest.js';
import { claimedVersion, fillBlock } from './block-content.js';
import { CHECK_BLOCK_BYTES } from './settings.js';

/** Enough to tell blocks apart that nobody made to collide. */
const DIGEST_BYTES = 16;
const hash = new Blake3Digest();
const ZEROES = new Uint8Array(CHECK_BLOCK_BYTES);

/** Of each block, the version that the host knows to be on the card, and the newest that may be. */
export interface Bounds {
  readonly least: Uint32Array;
  readonly most: Uint32Array;
}

/**
 * What the volume has to hold by the host's own account: digests of the data it was filled with, and for each
 * block how often the host wrote it since, and how many of these writes were acknowledged.
 */
export class VolumeModel {
  readonly #digests: Uint8Array;
  readonly #issued: Uint32Array;
  readonly #acknowledged: Uint32Array;
  readonly #expected = new Uint8Array(CHECK_BLOCK_BYTES);
  #filledBlocks = 0;

  constructor(sizeBytes: number) {
    const blocks = sizeBytes / CHECK_BLOCK_BYTES;
    this.#digests = new Uint8Array(blocks * DIGEST_BYTES);
    this.#issued = new Uint32Array(blocks);
    this.#acknowledged = new Uint32Array(blocks);
  }

  get filledBytes(): number {
    return this.#filledBlocks * CHECK_BLOCK_BYTES;
  }

  /** Notes the data that the volume is filled with, in order from its start; whole blocks. */
  fill(data: Uint8Array): void {
    for (let at = 0; at < data.length; at += CHECK_BLOCK_BYTES) {
      this.#digests.set(digestOf(data.subarray(at, at + CHECK_BLOCK_BYTES)), this.#filledBlocks * DIGEST_BYTES);
      this.#filledBlocks += 1;
    }
  }

  /** The data of the host's next write to these blocks. The write has to be submitted before the next is asked for. */
  nextWrite(firstBlock: number, blocks: number): { data: Uint8Array; acknowledged: () => void } {
    const data = new Uint8Array(blocks * CHECK_BLOCK_BYTES);
    const versions = this.#issued.subarray(firstBlock, firstBlock + blocks);
    for (let i = 0; i < blocks; i += 1) {
      const version = (versions[i] ?? 0) + 1;
      versions[i] = version;
      fillBlock(data.subarray(i * CHECK_BLOCK_BYTES), firstBlock + i, version);
    }
    const written = versions.slice();
    return { data, acknowledged: () => { this.#acknowledge(firstBlock, written); } };
  }

  /** What may be on the card at this instant: no older than acknowledged, no newer than submitted. */
  bounds(): Bounds {
    return { least: this.#acknowledged.slice(), most: this.#issued.slice() };
  }

  /**
   * Compares what was read with what has to be there.
   * @param content whole blocks, the first of which is `firstBlock`.
   * @returns the first block that is wrong, or undefined.
   */
  firstWrongBlock(firstBlock: number, content: Uint8Array, bounds: Bounds): number | undefined {
    for (let at = 0; at < content.length; at += CHECK_BLOCK_BYTES) {
      const block = firstBlock + at / CHECK_BLOCK_BYTES;
      if (!this.#isRight(block, content.subarray(at, at + CHECK_BLOCK_BYTES), bounds)) return block;
    }
    return undefined;
  }

  #isRight(block: number, content: Uint8Array, { least, most }: Bounds): boolean {
    const oldest = least[block] ?? 0;
    const newest = most[block] ?? 0;
    if (oldest === 0 && this.#isAsFilled(block, content)) return true;
    const version = claimedVersion(content);
    if (version === 0 || version < oldest || version > newest) return false;
    fillBlock(this.#expected, block, version);
    return Buffer.compare(this.#expected, content) === 0;
  }

  #isAsFilled(block: number, content: Uint8Array): boolean {
    if (block >= this.#filledBlocks) return Buffer.compare(content, ZEROES) === 0;
    const noted = this.#digests.subarray(block * DIGEST_BYTES, (block + 1) * DIGEST_BYTES);
    return Buffer.compare(digestOf(content), noted) === 0;
  }

  /** Of overlapping writes the one submitted last is the newest, whichever is answered first. */
  #acknowledge(firstBlock: number, versions: Uint32Array): void {
    versions.forEach((version, i) => {
      const block = firstBlock + i;
      this.#acknowledged[block] = Math.max(this.#acknowledged[block] ?? 0, version);
    });
  }
}

function digestOf(block: Uint8Array): Uint8Array {
  return hash.digest([block]).subarray(0, DIGEST_BYTES);
}
