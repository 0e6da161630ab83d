import { NVRAM_LINE_BYTES } from '../../firmware/hal.js';
import { BLOCK_BYTES } from '../../firmware/limits.js';
import { type Control, readControlBlocks } from '../../firmware/metadata/control-store.js';
import { layoutOf, type NvramLayout, type Region } from '../../firmware/metadata/nvram-layout.js';
import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { Blake3Digest } from '../parts/blake3-digest.js';
import type { SimCard } from './sim-card.js';

const digest = new Blake3Digest();
const ZERO_BLOCK = new Uint8Array(BLOCK_BYTES);

/** What a power cut at this instant would leave of a card: read from its parts, not from its firmware. */
export class DurableView {
  readonly layout: NvramLayout;
  readonly blocksAGrain: number;
  #controlBytes = Buffer.alloc(0);
  #control: Control | undefined;

  constructor(readonly card: SimCard) {
    this.layout = layoutOf(card.geometry);
    this.blocksAGrain = card.geometry.grainBytes / BLOCK_BYTES;
  }

  /** The control block that a boot would go by; undefined when every copy is lost. */
  get control(): Control | undefined {
    const { nvram } = this.card;
    const [first, second] = this.layout.controlBlocks;
    const bytes = Buffer.from(nvram.durable.buffer, first.offsetBytes, second.offsetBytes + second.lengthBytes);
    if (nvram.damagedLines.size > 0 || !bytes.equals(this.#controlBytes)) {
      this.#control = readControlBlocks(digest, nvram.durable, this.layout.controlBlocks, (region) => this.#isDamaged(region)).control;
      this.#controlBytes = Buffer.from(bytes);
    }
    return this.#control;
  }

  /** Damage counts as dirty, of the written map too (rule 14). */
  isDirty(grain: number): boolean {
    return this.card.nvram.doubtful || this.#bit(this.layout.dirty, grain) || this.isWrittenDamaged(grain);
  }

  /** Whether the grain reads as written because nobody knows any more. */
  isWrittenDamaged(grain: number): boolean {
    const { damagedLines } = this.card.nvram;
    return damagedLines.size > 0 && damagedLines.has(lineOf(this.layout.written, grain));
  }

  isWritten(grain: number): boolean {
    return this.#bit(this.layout.written, grain);
  }

  /** A block as it reads, through the written map (rule 19). Unflushed blocks count as there. */
  readonly block = (block: number): Uint8Array => (this.isWritten(Math.floor(block / this.blocksAGrain)) ? this.card.volume.block(block) : ZERO_BLOCK);

  /** As {@link block}, but without what is not flushed. */
  readonly durableBlock = (block: number): Uint8Array => (this.isWritten(Math.floor(block / this.blocksAGrain)) ? this.card.volume.durable.get(block) : ZERO_BLOCK);

  #bit(region: Region, grain: number): boolean {
    const { damagedLines, durable } = this.card.nvram;
    if (damagedLines.size > 0 && damagedLines.has(lineOf(region, grain))) return true;
    return (((durable[region.offsetBytes + (grain >>> 3)] ?? 0) >>> (grain & 7)) & 1) === 1;
  }

  #isDamaged(region: Region): boolean {
    for (let line = region.offsetBytes / NVRAM_LINE_BYTES; line < (region.offsetBytes + region.lengthBytes) / NVRAM_LINE_BYTES; line += 1) {
      if (this.card.nvram.damagedLines.has(line)) return true;
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
  // Another load of the same medium: the primary knows the one it is bound to (rule 8), and refuses this one.
  if (p.identity.loadId.length > 0 && Buffer.compare(p.identity.loadId, s.identity.loadId) !== 0) return [];
  // An older state of the card, as after a restored backup: the primary knows of later sessions, and refuses it (rule 8).
  if (s.identity.sessionCounter < p.identity.sessionCounter) return [];
  const unsettled = new Set([...unsettledGrains(primary), ...unsettledGrains(secondary)]);
  const uncovered: number[] = [];
  for (let grain = 0; grain < primary.layout.grains; grain += 1) {
    if (primary.isDirty(grain) || secondary.isDirty(grain)) continue;
    if (unsettled.has(grain) || !isSameGrain(primary, secondary, grain)) uncovered.push(grain);
  }
  return uncovered;
}

/** Grains that have unflushed blocks whose old content is not their new one. */
function unsettledGrains(view: DurableView): Set<number> {
  const { volume } = view.card;
  const grains = new Set<number>();
  for (const block of volume.unflushed.keys()) {
    const grain = Math.floor(block / view.blocksAGrain);
    if (view.isWritten(grain) && volume.hash(block) !== volume.durable.hash(block)) grains.add(grain);
  }
  return grains;
}

/** Whether what is durable of a grain reads the same on both. */
function isSameGrain(one: DurableView, other: DurableView, grain: number): boolean {
  const [written, otherWritten] = [one.isWritten(grain), other.isWritten(grain)];
  if (!written && !otherWritten) return true;
  const first = grain * one.blocksAGrain;
  for (let block = first; block < first + one.blocksAGrain; block += 1) {
    const hash = written ? one.card.volume.durable.hash(block) : 0;
    const otherHash = otherWritten ? other.card.volume.durable.hash(block) : 0;
    if (hash !== otherHash) return false;
  }
  return true;
}
