import type { HostDriver } from '../../../host-driver/index.js';
import type { Area } from './host.js';
import { BLOCK_BYTES, PIECE_BYTES, PIECES_IN_FLIGHT } from './settings.js';
import { dataOf, type VolumeModel } from './volume-model.js';

/** Writes data to a whole area that no other command touches meanwhile. */
export async function fill(driver: HostDriver, model: VolumeModel, area: Area): Promise<void> {
  await eachPiece(area, async (firstBlock, blocks) => {
    const write = model.begin('data', firstBlock, blocks);
    await driver.write(firstBlock * BLOCK_BYTES, dataOf(write));
    model.acknowledged(write);
  });
}

/** Reads a whole volume and compares it with the model, while no command that writes is in flight. */
export async function mustHoldAll(what: string, driver: HostDriver, model: VolumeModel): Promise<void> {
  await eachPiece({ firstBlock: 0, blocks: model.blocks }, async (firstBlock, blocks) => {
    model.mustHold(what, firstBlock, await driver.read(firstBlock * BLOCK_BYTES, blocks * BLOCK_BYTES));
  });
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
