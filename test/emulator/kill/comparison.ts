import { openStoredVolume, type StoredVolume } from '../../../emulator/cli/demo/stored-volume.js';
import type { HostModel } from '../../../emulator/simulation/host-model.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { PIECE_BYTES } from './settings.js';
import { mustHold } from './transfer.js';

/**
 * Compares the files of two cards that were shut down while synchronized, each with what the host knows: so both
 * with each other. What was never written counts as zeroes (rule 19), and nothing may be dirty (rule 11).
 * @throws Error at the first difference.
 */
export async function compareSwitchedOff(primary: string, secondary: string, model: HostModel): Promise<void> {
  for (const directory of [primary, secondary]) {
    const volume = await openStoredVolume(directory);
    try {
      await volumeMustHold(directory, volume, model);
    } finally {
      await volume.close();
    }
  }
}

async function volumeMustHold(directory: string, volume: StoredVolume, model: HostModel): Promise<void> {
  if (volume.dirty.count > 0) throw new Error(`${directory} was synchronized, and ${String(volume.dirty.count)} grains are dirty`);
  const { sizeBytes, grainBytes } = volume.geometry;
  const piece = new Uint8Array(Math.min(PIECE_BYTES, grainBytes));
  for (let offset = 0; offset < sizeBytes; offset += piece.length) {
    await volume.readRaw(offset, piece);
    if (!volume.written.has(Math.floor(offset / grainBytes))) piece.fill(0);
    mustHold(directory, model, offset / BLOCK_BYTES, piece);
  }
}
