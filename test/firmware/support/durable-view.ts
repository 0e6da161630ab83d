import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { type Control, readControlBlocks } from '../../../firmware/metadata/control-store.js';
import { layoutOf, type NvramLayout, type Region } from '../../../firmware/metadata/nvram-layout.js';
import type { MemoryBoard } from './memory-hal.js';

/** What a power cut at this instant would leave of a card: read from its parts, not from its firmware. */
export class DurableView {
  readonly layout: NvramLayout;
  #controlBytes = Buffer.alloc(0);
  #control: Control | undefined;

  constructor(readonly board: MemoryBoard) {
    this.layout = layoutOf(board.geometry);
  }

  /** The control block that a boot would go by; undefined when every copy is lost. */
  get control(): Control | undefined {
    const { nvram, hal } = this.board;
    const [first, second] = this.layout.controlBlocks;
    const bytes = Buffer.from(nvram.durable.buffer, first.offsetBytes, second.offsetBytes + second.lengthBytes);
    if (nvram.damagedLines.size > 0 || !bytes.equals(this.#controlBytes)) {
      this.#control = readControlBlocks(hal.digest, nvram.durable, this.layout.controlBlocks, (region) => this.#isDamaged(region)).control;
      this.#controlBytes = Buffer.from(bytes);
    }
    return this.#control;
  }

  /** Damage counts as dirty, of the written map too (rule 14). */
  isDirty(grain: number): boolean {
    return this.#bit(this.layout.dirty, grain) || this.isWrittenDamaged(grain);
  }

  /** Whether the grain reads as written because nobody knows any more. */
  isWrittenDamaged(grain: number): boolean {
    const { damagedLines } = this.board.nvram;
    return damagedLines.size > 0 && damagedLines.has(lineOf(this.layout.written, grain));
  }

  isWritten(grain: number): boolean {
    return this.#bit(this.layout.written, grain);
  }

  /** The volume as it reads: through the written map. Unflushed blocks count as there. */
  volume(): Buffer {
    const { geometry, volume } = this.board;
    const bytes = Buffer.from(volume.content());
    for (let grain = 0; grain < this.layout.grains; grain += 1) {
      if (!this.isWritten(grain)) bytes.fill(0, grain * geometry.grainBytes, (grain + 1) * geometry.grainBytes);
    }
    return bytes;
  }

  /** Grains that have unflushed blocks whose old content is not their new one. */
  unsettledGrains(): Set<number> {
    const { geometry, volume } = this.board;
    const grains = new Set<number>();
    for (const [block, bytes] of volume.unflushed) {
      const grain = Math.floor((block * BLOCK_BYTES) / geometry.grainBytes);
      const old = volume.durable.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
      if (this.isWritten(grain) && Buffer.compare(old, bytes) !== 0) grains.add(grain);
    }
    return grains;
  }

  /** A grain of the disk, as it is durably. */
  grain(grain: number): Uint8Array {
    const { geometry, volume } = this.board;
    return volume.durable.subarray(grain * geometry.grainBytes, (grain + 1) * geometry.grainBytes);
  }

  #bit(region: Region, grain: number): boolean {
    const { damagedLines, durable } = this.board.nvram;
    if (damagedLines.size > 0 && damagedLines.has(lineOf(region, grain))) return true;
    return (((durable[region.offsetBytes + (grain >>> 3)] ?? 0) >>> (grain & 7)) & 1) === 1;
  }

  #isDamaged(region: Region): boolean {
    for (let line = region.offsetBytes / NVRAM_LINE_BYTES; line < (region.offsetBytes + region.lengthBytes) / NVRAM_LINE_BYTES; line += 1) {
      if (this.board.nvram.damagedLines.has(line)) return true;
    }
    return false;
  }
}

function lineOf(region: Region, grain: number): number {
  return Math.floor((region.offsetBytes + (grain >>> 3)) / NVRAM_LINE_BYTES);
}

/**
 * Rule 1: the grains that could differ between the two cards after a cut at this instant, though no bit on
 * either of them says so. None may be in it while the generations match.
 */
export function uncoveredGrains(primary: DurableView, secondary: DurableView): number[] {
  const p = primary.control;
  const s = secondary.control;
  if (p?.identity.role !== Role.PRIMARY || s?.identity.role !== Role.SECONDARY) return [];
  if (p.identity.generation === 0n || p.identity.generation !== s.identity.generation) return [];
  if (s.loadState === LoadState.LOADING || s.identity.loadId.length === 0) return [];
  if (s.allDirty && !s.suppressed) return [];
  const uncovered = new Set([...primary.unsettledGrains(), ...secondary.unsettledGrains()]);
  for (let grain = 0; grain < primary.layout.grains; grain += 1) {
    const isDirty = primary.isDirty(grain) || secondary.isDirty(grain);
    if (isDirty) uncovered.delete(grain);
    else if (!isSameGrain(primary, secondary, grain)) uncovered.add(grain);
  }
  return [...uncovered];
}

/** Whether what is durable of a grain reads the same on both. */
function isSameGrain(one: DurableView, other: DurableView, grain: number): boolean {
  const [written, otherWritten] = [one.isWritten(grain), other.isWritten(grain)];
  if (!written && !otherWritten) return true;
  const zeroes = Buffer.alloc(one.board.geometry.grainBytes);
  return Buffer.compare(written ? one.grain(grain) : zeroes, otherWritten ? other.grain(grain) : zeroes) === 0;
}
