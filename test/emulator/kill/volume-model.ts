import { claimedVersion, fillBlock } from '../../../emulator/cli/demo/block-content.js';
import { BLOCK_BYTES } from './settings.js';

/** A host write as the model remembers it. Ids are given in the order of submission, from 1 on. */
export interface ModelWrite {
  readonly id: number;
  readonly kind: 'data' | 'zeroes';
  readonly firstBlock: number;
  readonly blocks: number;
}

/** What a block may hold: id of the write; negative: of a write of zeroes; 0: nobody ever wrote it. */
type Content = number;

const ZEROES = Buffer.alloc(BLOCK_BYTES);
/** Wrong blocks that a message names; the rest are counted. */
const NAMED_BLOCKS = 8;

/**
 * What a volume has to hold by its host's own account. For each block: the last acknowledged content, and that
 * of the unacknowledged writes submitted after it, in the order of submission. Any of these may be there: writes
 * that overlap take effect in the order of submission, so what came before an acknowledged one may not.
 */
export class VolumeModel {
  readonly #contents: Content[][];
  readonly #expected = new Uint8Array(BLOCK_BYTES);
  #lastId = 0;
  #observer: ModelObserver | undefined;

  constructor(readonly blocks: number) {
    this.#contents = Array.from({ length: blocks }, () => [0]);
  }

  /** The write has to be submitted before another one is begun. */
  begin(kind: ModelWrite['kind'], firstBlock: number, blocks: number): ModelWrite {
    this.#lastId += 1;
    const write: ModelWrite = { id: this.#lastId, kind, firstBlock, blocks };
    for (const contents of this.#of(write)) contents.push(contentOf(write));
    this.#observer?.submitted(write);
    return write;
  }

  acknowledged(write: ModelWrite): void {
    for (const contents of this.#of(write)) {
      const at = contents.indexOf(contentOf(write));
      if (at > 0) contents.splice(0, at);
    }
    this.#observer?.acknowledged(write);
  }

  /** Tells of every write from now on; one at a time. */
  observe(observer: ModelObserver | undefined): void {
    this.#observer = observer;
  }

  contents(): Content[][] {
    return this.#contents.map((contents) => [...contents]);
  }

  /** Blocks of which more than one content is possible. */
  uncertainBlocks(): number[] {
    const uncertain: number[] = [];
    this.#contents.forEach((contents, block) => { if (contents.length > 1) uncertain.push(block); });
    return uncertain;
  }

  /**
   * Takes what is read, with nothing in flight, for what is there: from now on it may not change by itself.
   * @throws Error when it is none of what may be there.
   */
  pin(block: number, content: Uint8Array): void {
    const allowed = this.#contents[block] ?? [];
    const found = this.find(block, content, allowed);
    if (found === undefined) throw new Error(`after the kill: ${this.describe(block, content, allowed)}`);
    this.#contents[block] = [found];
  }

  /**
   * Compares whole blocks, the first of which is `firstBlock`, with what may be there now.
   * @throws Error that names the wrong blocks.
   */
  mustHold(what: string, firstBlock: number, content: Uint8Array): void {
    const wrong: string[] = [];
    let count = 0;
    for (let at = 0; at < content.length; at += BLOCK_BYTES) {
      const block = firstBlock + at / BLOCK_BYTES;
      const piece = content.subarray(at, at + BLOCK_BYTES);
      const allowed = this.#contents[block] ?? [];
      if (this.find(block, piece, allowed) !== undefined) continue;
      count += 1;
      if (wrong.length < NAMED_BLOCKS) wrong.push(this.describe(block, piece, allowed));
    }
    if (count > 0) throw new Error(`${what}: ${String(count)} blocks are wrong\n  ${wrong.join('\n  ')}`);
  }

  /** Which of the allowed contents this is: the newest, where several are equal. */
  find(block: number, content: Uint8Array, allowed: readonly Content[]): Content | undefined {
    if (Buffer.compare(content, ZEROES) === 0) return allowed.filter((each) => each <= 0).at(-1);
    const claimed = claimedVersion(content);
    if (!allowed.includes(claimed)) return undefined;
    fillBlock(this.#expected, block, claimed);
    return Buffer.compare(this.#expected, content) === 0 ? claimed : undefined;
  }

  describe(block: number, content: Uint8Array, allowed: readonly Content[]): string {
    return `block ${String(block)} holds ${this.#tell(block, content)}, allowed is ${allowed.map(nameOf).join(' or ')}`;
  }

  #tell(block: number, content: Uint8Array): string {
    if (Buffer.compare(content, ZEROES) === 0) return 'zeroes';
    const claimed = claimedVersion(content);
    fillBlock(this.#expected, block, claimed);
    return Buffer.compare(this.#expected, content) === 0 ? nameOf(claimed) : 'what no host ever wrote there';
  }

  #of({ firstBlock, blocks }: ModelWrite): Content[][] {
    return this.#contents.slice(firstBlock, firstBlock + blocks);
  }
}

export interface ModelObserver {
  submitted(write: ModelWrite): void;
  acknowledged(write: ModelWrite): void;
}

/** The content of a whole write. */
export function dataOf({ id, firstBlock, blocks }: ModelWrite): Uint8Array {
  const data = new Uint8Array(blocks * BLOCK_BYTES);
  for (let i = 0; i < blocks; i += 1) fillBlock(data.subarray(i * BLOCK_BYTES), firstBlock + i, id);
  return data;
}

function contentOf({ id, kind }: ModelWrite): Content {
  return kind === 'data' ? id : -id;
}

function nameOf(content: Content): string {
  if (content === 0) return 'zeroes (never written)';
  return content > 0 ? `write ${String(content)}` : `zeroes of write ${String(-content)}`;
}
