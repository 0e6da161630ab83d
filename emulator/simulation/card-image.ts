import { NVRAM_LINE_BYTES } from '../../firmware/hal.js';
import { BLOCK_BYTES, RESERVED_BYTES } from '../../firmware/limits.js';
import type { Geometry } from '../../firmware/metadata/nvram-layout.js';
import { BlockImage } from './block-image.js';
import type { Fingerprint } from './fingerprint.js';

export type DurablePart = 'nvram' | 'volume' | 'store' | 'reserved';

/** What a cut leaves old or new as a whole: a block of a disk, or a line of NVRAM. */
export interface Atom {
  /** Number of the block, or of the line. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** A write that is under way, or not flushed: a cut leaves it old, new, or in part. */
export interface Unsettled {
  readonly part: DurablePart;
  readonly atoms: readonly Atom[];
}

/** A line of NVRAM may become unreadable as well. */
export type AtomFate = 'old' | 'new' | 'damaged';
/** @param index of the atom in its write. */
export type Fates = (unsettled: Unsettled, index: number) => AtomFate;

/** What NVRAM holds while nothing is under way. */
export class NvramContent {
  readonly bytes: Uint8Array;
  readonly damagedLines: Set<number>;
  /** Damage that a boot was told of stays until `recovered`, even where the firmware has written since. */
  reported: ReadonlySet<number> = new Set();
  doubtful = false;

  constructor(bytes: Uint8Array, damagedLines: Iterable<number> = []) {
    this.bytes = bytes;
    this.damagedLines = new Set(damagedLines);
  }

  /** @param bytes of whole lines. */
  store(offsetBytes: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, offsetBytes);
    if (this.damagedLines.size === 0) return;
    for (let line = offsetBytes / NVRAM_LINE_BYTES; line < (offsetBytes + bytes.length) / NVRAM_LINE_BYTES; line += 1) {
      if (!this.reported.has(line)) this.damagedLines.delete(line);
    }
  }

  copy(): NvramContent {
    const copy = new NvramContent(this.bytes.slice(), this.damagedLines);
    copy.reported = this.reported;
    copy.doubtful = this.doubtful;
    return copy;
  }
}

/** Everything of one board that outlives a power cut. */
export class CardImage {
  constructor(
    readonly nvram: NvramContent,
    readonly volume: BlockImage,
    readonly store: BlockImage,
    readonly reserved: BlockImage,
  ) {}

  static blank({ nvramBytes, sizeBytes, storeBytes }: Geometry): CardImage {
    const [volume, store, reserved] = [sizeBytes, storeBytes, RESERVED_BYTES].map((bytes) => new BlockImage(bytes / BLOCK_BYTES)) as [BlockImage, BlockImage, BlockImage];
    return new CardImage(new NvramContent(new Uint8Array(nvramBytes)), volume, store, reserved);
  }

  copy(): CardImage {
    return new CardImage(this.nvram.copy(), this.volume.copy(), this.store.copy(), this.reserved.copy());
  }

  /** Does to a write what a cut does. */
  settle(unsettled: Unsettled, fates: Fates): void {
    const { part, atoms } = unsettled;
    for (const [index, { at, bytes }] of atoms.entries()) {
      const fate = fates(unsettled, index);
      if (fate === 'old') continue;
      if (part !== 'nvram') this[part].set(at, bytes);
      else if (fate === 'new') this.nvram.store(at * NVRAM_LINE_BYTES, bytes);
      else this.nvram.damagedLines.add(at);
    }
  }

  /** Takes all of it into a fingerprint. */
  addTo(fingerprint: Fingerprint): void {
    const { bytes, damagedLines, doubtful } = this.nvram;
    fingerprint.addBytes(bytes);
    for (const line of [...damagedLines].sort((a, b) => a - b)) fingerprint.add(line);
    fingerprint.add(doubtful ? 1 : 0);
    for (const disk of [this.volume, this.store, this.reserved]) disk.addTo(fingerprint);
  }
}
