import { BLOCK_BYTES } from '../../../firmware/limits.js';
import type { PairSide, Running } from './pair-side.js';

const JUNK = -1;

interface Issued {
  readonly firstBlock: number;
  readonly blocks: number;
  /** What each block holds after it: the write's number, 0 for zeroes. */
  readonly mark: number;
  readonly fua: boolean;
  readonly running: Running<void>;
  /** Seen to have ended well. */
  acknowledged: boolean;
}

interface Flush {
  readonly running: Running<void>;
  /** Writes acknowledged before the flush was issued: it covers these. */
  readonly covers: readonly Issued[];
}

/**
 * A host that writes, and knows what it may find afterwards (rule 4): of each block the newest content known to
 * be durable, or any written later. Each block of a write carries the write's number, so that any block on
 * any disk tells which write it is from.
 */
export class HostModel {
  readonly #blocks: number;
  readonly #history: Issued[] = [];
  readonly #flushes: Flush[] = [];
  /** Writes known to be durable: by FUA, or by a flush behind them. */
  readonly #durable = new Set<Issued>();
  /** Content from before the history. */
  readonly #base: number[];
  #nextMark = 1;

  constructor(sizeBytes: number) {
    this.#blocks = sizeBytes / BLOCK_BYTES;
    this.#base = new Array<number>(this.#blocks).fill(0);
  }

  write(side: PairSide, firstBlock: number, blocks: number, fua = false): Running<void> {
    const mark = this.#nextMark;
    this.#nextMark += 1;
    return this.#issue(firstBlock, blocks, mark, fua, side.write(firstBlock * BLOCK_BYTES, marked(firstBlock, blocks, mark), fua));
  }

  zero(side: PairSide, firstBlock: number, blocks: number, fua = false): Running<void> {
    return this.#issue(firstBlock, blocks, 0, fua, side.zero(firstBlock * BLOCK_BYTES, blocks * BLOCK_BYTES, fua));
  }

  flush(side: PairSide): Running<void> {
    this.note();
    const running = side.flush();
    this.#flushes.push({ running, covers: this.#history.filter((issued) => issued.acknowledged) });
    return running;
  }

  /** Something of a random kind and place, in the first `spanBlocks` of the volume. */
  any(side: PairSide, random: () => number, spanBlocks: number, mostBlocks = 16): Running<void> {
    const kind = random();
    if (kind < 0.15) return this.flush(side);
    const blocks = 1 + Math.floor(random() * mostBlocks);
    const firstBlock = Math.floor(random() * (spanBlocks - blocks));
    return kind < 0.3 ? this.zero(side, firstBlock, blocks, random() < 0.3) : this.write(side, firstBlock, blocks, random() < 0.3);
  }

  get inFlight(): number {
    return [...this.#history, ...this.#flushes].filter((one) => !one.running.ended).length;
  }

  /** Notes what has been acknowledged by now. Writes that failed are as if not acknowledged. */
  note(): void {
    for (const issued of this.#history) {
      if (issued.acknowledged || !endedWell(issued.running)) continue;
      issued.acknowledged = true;
      if (issued.fua) this.#durable.add(issued);
    }
    for (const { running, covers } of this.#flushes) {
      if (endedWell(running)) for (const issued of covers) this.#durable.add(issued);
    }
  }

  /**
   * Compares with what a volume holds. Returns one line for each wrong block, the first few.
   * @param spared blocks of which nothing can be asked.
   */
  faults(volume: Buffer, spared: (block: number) => boolean = () => false): string[] {
    this.note();
    const allowed = this.#allowed();
    const faults: string[] = [];
    for (let block = 0; block < this.#blocks && faults.length < 8; block += 1) {
      const mark = markOf(volume, block);
      if ((allowed[block] ?? []).includes(mark) || spared(block)) continue;
      faults.push(`block ${String(block)} holds ${mark === JUNK ? 'something never written' : String(mark)}; ${JSON.stringify(allowed[block])} would do`);
    }
    return faults;
  }

  /** After a cut: what is there now is what there is. */
  settleOn(volume: Buffer): void {
    for (let block = 0; block < this.#blocks; block += 1) this.#base[block] = markOf(volume, block);
    this.#history.length = 0;
    this.#flushes.length = 0;
    this.#durable.clear();
  }

  #issue(firstBlock: number, blocks: number, mark: number, fua: boolean, running: Running<void>): Running<void> {
    this.#history.push({ firstBlock, blocks, mark, fua, running, acknowledged: false });
    return running;
  }

  #allowed(): number[][] {
    const allowed = this.#base.map((mark) => [mark]);
    for (const issued of this.#history) {
      for (let block = issued.firstBlock; block < issued.firstBlock + issued.blocks; block += 1) {
        if (this.#durable.has(issued)) allowed[block] = [issued.mark];
        else allowed[block]?.push(issued.mark);
      }
    }
    return allowed;
  }
}

function endedWell(running: Running<void>): boolean {
  if (!running.ended) return false;
  try {
    running.result();
    return true;
  } catch {
    return false;
  }
}

/** Blocks that bear a write's number: twelve bytes that are not zeroes by chance, repeated. */
function marked(firstBlock: number, blocks: number, mark: number): Uint8Array {
  const words = new Uint32Array((blocks * BLOCK_BYTES) / 4);
  for (let i = 0; i < words.length; i += 1) words[i] = wordOf(firstBlock + Math.floor((i * 4) / BLOCK_BYTES), mark, i % (BLOCK_BYTES / 4));
  return new Uint8Array(words.buffer);
}

function wordOf(block: number, mark: number, index: number): number {
  return index % 2 === 0 ? mark : (Math.imul(block + 1, 0x9e3779b1) ^ index) >>> 0;
}

/** The number of the write that a whole block is from; 0 for zeroes; JUNK for anything else. */
function markOf(volume: Buffer, block: number): number {
  const words = new Uint32Array(volume.buffer, volume.byteOffset + block * BLOCK_BYTES, BLOCK_BYTES / 4);
  const mark = words[0] ?? 0;
  if (mark === 0) return words.every((word) => word === 0) ? 0 : JUNK;
  return words.every((word, index) => word === wordOf(block, mark, index)) ? mark : JUNK;
}
