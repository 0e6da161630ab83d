import type { ModelWrite, VolumeModel } from './volume-model.js';
import { BLOCK_BYTES } from './settings.js';

interface WindowWrite {
  readonly write: ModelWrite;
  readonly submittedAt: number;
  acknowledgedAt: number;
}

/** What T0 may hold: taken at some instant of a command during which hosts write on. */
export interface T0Image {
  /**
   * Compares a whole volume with it. Beyond each block by itself, T0 is one instant: it holds a write wholly or
   * not at all, and with a write every one that had been acknowledged before that one was submitted.
   * @param read gives the content of one block.
   * @throws Error
   */
  mustBe(read: (block: number) => Uint8Array): void;
}

/** Runs the command that takes T0, and remembers what its image may be. */
export async function takingT0(model: VolumeModel, command: () => Promise<void>): Promise<T0Image> {
  const allowed = model.contents();
  const window = new Map<number, WindowWrite>();
  let tick = 0;
  model.observe({
    submitted: (write) => {
      tick += 1;
      window.set(write.id, { write, submittedAt: tick, acknowledgedAt: Infinity });
      for (const contents of allowed.slice(write.firstBlock, write.firstBlock + write.blocks)) {
        contents.push(write.kind === 'data' ? write.id : -write.id);
      }
    },
    acknowledged: ({ id }) => {
      tick += 1;
      const submitted = window.get(id);
      if (submitted !== undefined) submitted.acknowledgedAt = tick;
    },
  });
  try {
    await command();
  } finally {
    model.observe(undefined);
  }
  return { mustBe: (read) => { compare(model, allowed, [...window.values()], read); } };
}

function compare(model: VolumeModel, allowed: readonly (readonly number[])[], window: readonly WindowWrite[], read: (block: number) => Uint8Array): void {
  const found = new Int32Array(model.blocks);
  let newest = 0;
  for (let block = 0; block < model.blocks; block += 1) {
    const content = read(block);
    if (content.length !== BLOCK_BYTES) throw new Error('a block was read in part');
    const here = model.find(block, content, allowed[block] ?? []);
    if (here === undefined) throw new Error(`T0: ${model.describe(block, content, allowed[block] ?? [])}`);
    found[block] = Math.abs(here);
    // Zeroes do not tell which write they are of.
    newest = Math.max(newest, here);
  }
  const instant = window.find(({ write }) => write.id === newest)?.submittedAt ?? 0;
  for (const { write, acknowledgedAt } of window) {
    const here = found.subarray(write.firstBlock, write.firstBlock + write.blocks);
    // Each of its blocks holds it, or a later one.
    if (here.every((id) => id >= write.id)) continue;
    // Zeroes may as well be those of an earlier write.
    if (write.kind === 'data' && here.includes(write.id)) {
      throw new Error(`T0 holds a part of write ${String(write.id)}: blocks ${String(write.firstBlock)} and on hold writes ${here.join(', ')}`);
    }
    if (acknowledgedAt < instant) {
      throw new Error(`T0 holds write ${String(newest)}, and lacks write ${String(write.id)}, which was acknowledged before that one was submitted`);
    }
  }
}
