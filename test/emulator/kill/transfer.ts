import { blocksOf } from '../../../emulator/simulation/block.js';
import { faultsOf, type HostModel } from '../../../emulator/simulation/host-model.js';
import { markedBlocks } from '../../../emulator/simulation/marked-blocks.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import type { HostDriver } from '../../../host-driver/index.js';
import { type Area, acknowledged } from './host.js';
import { PIECE_BYTES, PIECES_IN_FLIGHT } from './settings.js';

/** Wrong blocks that a message names; the rest are counted. */
const NAMED_BLOCKS = 8;

/** Writes data to a whole area that no other command touches meanwhile. */
export async function fill(driver: HostDriver, model: HostModel, area: Area): Promise<void> {
  await eachPiece(area, async (firstBlock, blocks) => {
    const write = model.write(firstBlock, blocks, false);
    await driver.write(firstBlock * BLOCK_BYTES, markedBlocks(firstBlock, blocks, write.mark));
    acknowledged(model, write);
  });
}

/** Reads a whole volume and compares it with the model, while no command that writes is in flight. */
export async function mustHoldAll(what: string, driver: HostDriver, model: HostModel): Promise<void> {
  await eachPiece({ firstBlock: 0, blocks: model.blocks }, async (firstBlock, blocks) => {
    mustHold(what, model, firstBlock, await driver.read(firstBlock * BLOCK_BYTES, blocks * BLOCK_BYTES));
  });
}

/**
 * Compares whole blocks, the first of which is `firstBlock`, with what may be there after a kill.
 * @throws Error that names the wrong blocks.
 */
export function mustHold(what: string, model: HostModel, firstBlock: number, content: Uint8Array): void {
  const wrong: string[] = [];
  for (const [index, block] of blocksOf(content).entries()) wrong.push(...faultsOf(() => block, [firstBlock + index], model.afterCut));
  if (wrong.length > 0) throw new Error(`${what}: ${String(wrong.length)} blocks are wrong\n  ${wrong.slice(0, NAMED_BLOCKS).join('\n  ')}`);
}

/** Reads a whole volume into memory. */
export async function readAll(driver: HostDriver, blocks: number): Promise<Uint8Array> {
  const content = new Uint8Array(blocks * BLOCK_BYTES);
  await eachPiece({ firstBlock: 0, blocks }, async (firstBlock, count) => {
    await driver.readInto(firstBlock * BLOCK_BYTES, content.subarray(firstBlock * BLOCK_BYTES, (firstBlock + count) * BLOCK_BYTES));
  });
  return content;
}

async function eachPiece({ firstBlock, blocks }: Area, work: (firstBlock: number, blocks: number) => Promise<void>): Promise<void> {
  const pieceBlocks = PIECE_BYTES / BLOCK_BYTES;
  const end = firstBlock + blocks;
  let next = firstBlock;
  const worker = async (): Promise<void> => {
    while (next < end) {
      const first = next;
      next += pieceBlocks;
      await work(first, Math.min(pieceBlocks, end - first));
    }
  };
  await Promise.all(Array.from({ length: PIECES_IN_FLIGHT }, worker));
}
