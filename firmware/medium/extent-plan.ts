import { MAX_TRANSFER_BYTES } from '../limits.js';
import type { Extent } from './chunk-format.js';

/** The written map as of T0, and the volume that it maps. */
export interface WrittenMap {
  readonly grains: number;
  has(grain: number): boolean;
  nextSet(from: number): number;
}

/**
 * The chunk that begins at `offsetBytes`. It depends on the map alone, so a resumed export makes the very
 * chunks that an uninterrupted one would have made.
 */
export function extentAt(written: WrittenMap, grainBytes: number, sizeBytes: number, offsetBytes: number): Extent {
  const grain = Math.floor(offsetBytes / grainBytes);
  if (!written.has(grain)) {
    const end = Math.min(sizeBytes, written.nextSet(grain) * grainBytes);
    return { offsetBytes, lengthBytes: end - offsetBytes, unwritten: true };
  }
  const most = Math.min(sizeBytes, offsetBytes + MAX_TRANSFER_BYTES);
  // No further than a chunk reaches: the run may be as long as the volume.
  let end = (grain + 1) * grainBytes;
  while (end < most && written.has(end / grainBytes)) end += grainBytes;
  return { offsetBytes, lengthBytes: Math.min(end, most) - offsetBytes, unwritten: false };
}
