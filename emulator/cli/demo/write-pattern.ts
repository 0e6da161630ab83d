import { CHECK_BLOCK_BYTES } from './settings.js';

export interface BlockRange {
  readonly firstBlock: number;
  readonly blocks: number;
}

/** 4, 8, 16, 32 and 64 KiB: the sizes at which file systems and databases write. */
const WRITE_BLOCKS = [1, 2, 4, 8, 16];
export const LONGEST_WRITE_BLOCKS = 16;

/** Of a hundred writes: so many rewrite the busy part, so many append to a log; the rest falls anywhere in the data. */
const BUSY_PERCENT = 70;
const LOG_PERCENT = 29;
/** Shares of the volume, so that some percent of it is dirty in the end and the rest is not. */
const BUSY_SHARE = 1 / 32;
const LOG_SHARE = 1 / 64;

/**
 * Where a host writes next: as a database does, mostly in a busy part of its data, or on to the end of a log that
 * begins anew when it is full; now and then anywhere. The log lies where nothing was written before, and most
 * of what lies behind it is never written.
 */
export function writePattern(volumeBytes: number, filledBytes: number, random: (below: number) => number): () => BlockRange {
  const filledBlocks = filledBytes / CHECK_BLOCK_BYTES;
  const freeBlocks = volumeBytes / CHECK_BLOCK_BYTES - filledBlocks;
  const busyBlocks = share(volumeBytes, BUSY_SHARE, filledBlocks);
  const busyStart = Math.floor((filledBlocks - busyBlocks) / 2);
  const logBlocks = share(volumeBytes, LOG_SHARE, Math.floor(freeBlocks / 2));
  let logEnd = 0;

  const appended = (blocks: number): BlockRange => {
    if (logEnd + blocks > logBlocks) logEnd = 0;
    logEnd += blocks;
    return { firstBlock: filledBlocks + logEnd - blocks, blocks };
  };
  const within = (start: number, length: number, wished: number): BlockRange => {
    const blocks = Math.min(wished, length);
    return { firstBlock: start + random(length - blocks + 1), blocks };
  };
  return () => {
    const blocks = WRITE_BLOCKS[random(WRITE_BLOCKS.length)] ?? 1;
    const kind = random(100);
    if (kind >= BUSY_PERCENT + LOG_PERCENT) return within(0, filledBlocks, blocks);
    if (kind >= BUSY_PERCENT && logBlocks >= LONGEST_WRITE_BLOCKS) return appended(blocks);
    return within(busyStart, busyBlocks, blocks);
  };
}

function share(volumeBytes: number, part: number, mostBlocks: number): number {
  return Math.max(1, Math.min(mostBlocks, Math.floor((volumeBytes / CHECK_BLOCK_BYTES) * part)));
}
