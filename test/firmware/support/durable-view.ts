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

  isDirty(grain: number): boolean {
    return this.#bit(this.layout.dirty, grain);
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

  #bit(region: Region, grain: number): boolean {
    const byte = region.offsetBytes + (grain >>> 3);
    if (this.board.nvram.damagedLines.has(Math.floor(byte / NVRAM_LINE_BYTES))) return true;
    return (((this.board.nvram.durable[byte] ?? 0) >>> (grain & 7)) & 1) === 1;
  }

  #isDamaged(region: Region): boolean {
    for (let line = region.offsetBytes / NVRAM_LINE_BYTES; line < (region.offsetBytes + region.lengthBytes) / NVRAM_LINE_BYTES; line += 1) {
      if (this.board.nvram.damagedLines.has(line)) return true;
    }
    return false;
  }
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
  const { grainBytes } = primary.board.geometry;
  const ofPrimary = primary.volume();
  const ofSecondary = secondary.volume();
  const unsettled = new Set([...primary.unsettledGrains(), ...secondary.unsettledGrains()]);
  const uncovered: number[] = [];
  for (let grain = 0; grain < primary.layout.grains; grain += 1) {
    if (primary.isDirty(grain) || secondary.isDirty(grain)) continue;
    const start = grain * grainBytes;
    const same = ofPrimary.compare(ofSecondary, start, start + grainBytes, start, start + grainBytes) === 0;
    if (!same || unsettled.has(grain)) uncovered.push(grain);
  }
  return uncovered;
}
