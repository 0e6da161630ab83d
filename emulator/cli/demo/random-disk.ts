import { randomFill } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { volumeFiles } from '../../card-storage.js';
import { CHUNK_BYTES, SYNC_BYTES } from './settings.js';

const fillRandomly = promisify<Uint8Array, Uint8Array>(randomFill);

/**
 * Makes the disk of a card that is not formatted yet hold random bytes, as a disk that was used for something
 * else before. Durably, so that it does not go to the platter at the cost of what is measured later.
 * @param between is awaited between pieces, and may reject to end it early.
 */
export async function fillDiskRandomly(directory: string, sizeBytes: number, between: () => Promise<void>): Promise<void> {
  await mkdir(directory, { recursive: true });
  const memory = new Uint8Array(CHUNK_BYTES);
  for (const { path, lengthBytes } of volumeFiles(directory, sizeBytes)) {
    const file = await open(path, 'wx', 0o600);
    try {
      for (let position = 0; position < lengthBytes; position += CHUNK_BYTES) {
        await between();
        const piece = memory.subarray(0, Math.min(CHUNK_BYTES, lengthBytes - position));
        await fillRandomly(piece);
        await file.write(piece, 0, piece.length, position);
        if ((position + piece.length) % SYNC_BYTES === 0) await file.datasync();
      }
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}
