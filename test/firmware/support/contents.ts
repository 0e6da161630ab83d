import { Block } from '../../../emulator/simulation/block.js';
import type { SimDisk } from '../../../emulator/simulation/sim-disk.js';
import { SimMedium } from '../../../emulator/simulation/sim-medium.js';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import type { Region } from '../../../firmware/metadata/nvram-layout.js';
import type { TestBoard } from './board.js';

/** Where tests put a medium. */
export const MEDIUM = '/media/seed';

/** Puts content on a disk, durably, as from before the story. */
export function fill({ durable }: SimDisk, offsetBytes: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const block = Math.floor((offsetBytes + at) / BLOCK_BYTES);
    const start = (offsetBytes + at) % BLOCK_BYTES;
    const part = bytes.subarray(at, at + BLOCK_BYTES - start);
    const content = durable.get(block).bytes.slice();
    content.set(part, start);
    durable.set(block, new Block(content));
    at += part.length;
  }
}

/** All that a disk reads as. */
export function contentOf(disk: SimDisk): Uint8Array {
  return joinedBlocks(disk, (block) => disk.block(block).bytes);
}

/** All that a cut leaves of a disk at least. */
export function durableOf(disk: SimDisk): Uint8Array {
  return joinedBlocks(disk, (block) => disk.durable.get(block).bytes);
}

function joinedBlocks({ sizeBytes }: SimDisk, content: (block: number) => Uint8Array): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += BLOCK_BYTES) bytes.set(content(at / BLOCK_BYTES), at);
  return bytes;
}

/** What a region of NVRAM holds durably. */
export function regionOf({ nvram }: TestBoard, { offsetBytes, lengthBytes }: Region): Uint8Array {
  return nvram.content.bytes.slice(offsetBytes, offsetBytes + lengthBytes);
}

/** Puts bytes into NVRAM, durably, from the start of a line on. */
export function fillNvram({ nvram: { content } }: TestBoard, offsetBytes: number, bytes: Uint8Array): void {
  const lines = content.bytes.slice(offsetBytes, offsetBytes + Math.ceil(bytes.length / NVRAM_LINE_BYTES) * NVRAM_LINE_BYTES);
  lines.set(bytes);
  content.store(offsetBytes / NVRAM_LINE_BYTES, lines);
}

/** Damages every line of some regions; meanwhile the card is off. */
export function damage(board: TestBoard, ...regions: readonly Region[]): void {
  for (const { offsetBytes, lengthBytes } of regions) {
    fillNvram(board, offsetBytes, new Uint8Array(lengthBytes).fill(0x5a));
    for (let at = offsetBytes; at < offsetBytes + lengthBytes; at += NVRAM_LINE_BYTES) board.nvram.content.damagedLines.add(at / NVRAM_LINE_BYTES);
  }
}

export function mediumWith(bytes: Uint8Array): SimMedium {
  const medium = new SimMedium();
  medium.damage(() => new Uint8Array(bytes));
  return medium;
}

/** A medium travels (306). What arrives is a copy, so that damage to it stays there. */
export function carry(from: TestBoard, to: TestBoard, path = MEDIUM): SimMedium {
  const medium = mediumWith(mediumBytes(from, path));
  to.shelf.set(path, medium);
  return medium;
}

export function mediumBytes({ shelf }: TestBoard, path = MEDIUM): Uint8Array {
  const medium = shelf.get(path);
  if (medium === undefined) throw new Error(`no medium at ${path}`);
  return medium.bytes;
}

/** Something happens to the bytes of a medium. */
export function damageMedium({ shelf }: TestBoard, change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>, path = MEDIUM): void {
  const medium = shelf.get(path);
  if (medium === undefined) throw new Error(`no medium at ${path}`);
  medium.damage(change);
}

/** A bit of a medium rots. */
export function flipBit(board: TestBoard, at: number, path = MEDIUM): void {
  damageMedium(board, (bytes) => {
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    return bytes;
  }, path);
}
