import { randomFillSync } from 'node:crypto';
import type { HostDriver } from '../host-driver/index.js';

const PIECE_BYTES = 4 * 1024 * 1024;

/** Writes random data to a stretch of the volume, and makes it durable. */
export async function fillRandom(driver: HostDriver, offsetBytes: number, lengthBytes: number): Promise<void> {
  const piece = new Uint8Array(PIECE_BYTES);
  for (let at = 0; at < lengthBytes; at += PIECE_BYTES) {
    randomFillSync(piece);
    await driver.write(offsetBytes + at, piece.subarray(0, Math.min(PIECE_BYTES, lengthBytes - at)));
  }
  await driver.flush();
}
