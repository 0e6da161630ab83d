import { NVRAM_LINE_BYTES } from '../../firmware/hal.js';
import { BLOCK_BYTES, RESERVED_BYTES } from '../../firmware/limits.js';
import type { Geometry } from '../../firmware/metadata/nvram-layout.js';
import { Block } from './block.js';
import { BlockImage } from './block-image.js';
import type { Fingerprint } from './fingerprint.js';
import { NvramContent } from './nvram-content.js';

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

/** Of each of several unsettled writes, by its place among them. */
export type FatesOf = (write: number) => Fates;

/** Everything of one board that outlives a power cut. */
export class CardImage {
  readonly nvram: NvramContent;
  readonly volume: BlockImage;
  readonly store: BlockImage;
  readonly reserved: BlockImage;

  /** Blank. */
  constructor({ nvramBytes, sizeBytes, storeBytes }: Geometry) {
    this.nvram = new NvramContent(nvramBytes);
    this.volume = new BlockImage(sizeBytes / BLOCK_BYTES);
    this.store = new BlockImage(storeBytes / BLOCK_BYTES);
    this.reserved = new BlockImage(RESERVED_BYTES / BLOCK_BYTES);
  }

  /** @param other of the same geometry. */
  copyFrom(other: CardImage): void {
    this.nvram.copyFrom(other.nvram);
    for (const disk of ['volume', 'store', 'reserved'] as const) this[disk].copyFrom(other[disk]);
  }

  /** Does to a write what a cut does. @returns what takes that back. */
  settle(unsettled: Unsettled, fates: Fates): () => void {
    const { part, atoms } = unsettled;
    const undo: (() => void)[] = [];
    for (const [index, { at, bytes }] of atoms.entries()) {
      const fate = fates(unsettled, index);
      if (fate !== 'old') undo.push(part === 'nvram' ? this.#settleLine(at, bytes, fate) : this.#settleBlock(this[part], at, bytes));
    }
    return () => { for (const one of undo.reverse()) one(); };
  }

  /**
   * Takes all of it into a fingerprint.
   * @param firstPart of the four that it is of the whole.
   */
  addTo(fingerprint: Fingerprint, firstPart: number): void {
    for (const [index, part] of [this.nvram, this.volume, this.store, this.reserved].entries()) part.addTo(fingerprint, firstPart + index);
  }

  #settleBlock(disk: BlockImage, at: number, bytes: Uint8Array): () => void {
    const before = disk.get(at);
    disk.set(at, new Block(bytes));
    return () => { disk.set(at, before); };
  }

  #settleLine(line: number, bytes: Uint8Array, fate: AtomFate): () => void {
    const { nvram } = this;
    const wasDamaged = nvram.damagedLines.has(line);
    const before = nvram.bytes.slice(line * NVRAM_LINE_BYTES, (line + 1) * NVRAM_LINE_BYTES);
    if (fate === 'new') nvram.store(line, bytes);
    else nvram.damagedLines.add(line);
    return () => {
      nvram.store(line, before);
      if (wasDamaged) nvram.damagedLines.add(line);
      else nvram.damagedLines.delete(line);
    };
  }
}
