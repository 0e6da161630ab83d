import { Block } from '../../../emulator/simulation/block.js';
import { faultsOf, type HostModel, type ModelWrite } from '../../../emulator/simulation/host-model.js';
import { markOf } from '../../../emulator/simulation/marked-blocks.js';

/** It was there before T0 was asked for. */
const BEFORE = -1;

/** What is compared with an image. */
export interface Compared {
  readonly name: string;
  /** Writes may be there in part: what a broken link leaves at a secondary, and no T0 holds. */
  readonly torn: boolean;
}

const T0: Compared = { name: 'T0', torn: false };

/** What T0 may hold: taken at some instant of a command during which hosts write on. */
export interface T0Image {
  /**
   * Compares a whole volume with it. Beyond each block by itself, T0 is one instant: it holds a write wholly or
   * not at all, and with a write every one that had been acknowledged before that one was submitted.
   * @param read gives the content of one block.
   * @throws Error
   */
  mustBe(read: (block: number) => Uint8Array, what?: Compared): void;
}

/** Runs the command that takes T0, and remembers what its image may be. */
export async function takingT0(model: HostModel, command: () => Promise<void>): Promise<T0Image> {
  const window = new T0Window(model);
  try {
    await command();
  } finally {
    window.close();
  }
  return window;
}

/** What was there when it was opened, and every write until it is closed: T0 is taken in between. */
export class T0Window implements T0Image {
  /** Nothing that is written from now on can be in T0. */
  readonly close: () => void;
  readonly #before: readonly (readonly number[])[];
  readonly #writes: ModelWrite[] = [];
  readonly #writesOfBlock = new Map<number, ModelWrite[]>();
  /** Of each write, how many had been submitted when it was acknowledged: the order of the next one. */
  readonly #acknowledgedAt = new Map<ModelWrite, number>();

  constructor(private readonly model: HostModel) {
    this.#before = Array.from({ length: model.blocks }, (_, block) => model.now(block));
    this.close = model.observe(this);
  }

  submitted(write: ModelWrite): void {
    this.#writes.push(write);
    for (let block = write.firstBlock; block < write.firstBlock + write.blocks; block += 1) {
      const writes = this.#writesOfBlock.get(block);
      if (writes === undefined) this.#writesOfBlock.set(block, [write]);
      else writes.push(write);
    }
  }

  acknowledged(write: ModelWrite): void {
    this.#acknowledgedAt.set(write, this.model.order);
  }

  mustBe(read: (block: number) => Uint8Array, what = T0): void {
    const found = Int32Array.from({ length: this.model.blocks }, (_, block) => this.#find(block, read(block), what));
    let newest = BEFORE;
    for (const write of this.#writes) {
      // Zeroes do not tell which write they are of.
      if (write.mark !== 0 && this.#ordersIn(found, write).includes(write.order)) newest = write.order;
    }
    for (const write of this.#writes) this.#mustHold(found, write, newest, what);
  }

  /** @returns the order of the write that a block is from: the newest, where it may be of several. */
  #find(block: number, content: Uint8Array, { name }: Compared): number {
    const mark = markOf(content, block);
    const write = this.#writesOfBlock.get(block)?.filter((each) => each.mark === mark).at(-1);
    if (write !== undefined) return write.order;
    const before = this.#before[block] ?? [];
    if (before.includes(mark)) return BEFORE;
    const [fault] = faultsOf(() => new Block(content), [block], () => [...before, ...(this.#writesOfBlock.get(block) ?? []).map((each) => each.mark)]);
    throw new Error(`${name}: ${String(fault)}`);
  }

  #mustHold(found: Int32Array, write: ModelWrite, newest: number, { name, torn }: Compared): void {
    const here = this.#ordersIn(found, write);
    // Each of its blocks holds it, or a later one.
    if (here.every((order) => order >= write.order)) return;
    // Zeroes may as well be those of an earlier write.
    if (!torn && write.mark !== 0 && here.includes(write.order)) {
      throw new Error(`${name} holds a part of write ${String(write.mark)}: blocks ${String(write.firstBlock)} and on hold the writes of order ${here.join(', ')}, and it is ${String(write.order)}`);
    }
    if ((this.#acknowledgedAt.get(write) ?? Infinity) <= newest) {
      throw new Error(`${name} holds the write of order ${String(newest)}, and lacks that of order ${String(write.order)}, which was acknowledged before that one was submitted`);
    }
  }

  #ordersIn(found: Int32Array, { firstBlock, blocks }: ModelWrite): Int32Array {
    return found.subarray(firstBlock, firstBlock + blocks);
  }
}
