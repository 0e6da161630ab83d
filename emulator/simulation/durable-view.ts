import { NVRAM_LINE_BYTES } from '../../firmware/hal.js';
import { BLOCK_BYTES } from '../../firmware/limits.js';
import { type Control, newestOf } from '../../firmware/metadata/control-store.js';
import { layoutOf, type NvramLayout, type Region } from '../../firmware/metadata/nvram-layout.js';
import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { type Block, ZERO_BLOCK } from './block.js';
import { controlIn } from './control-copies.js';
import type { VolumeContent } from './host-model.js';
import type { SimCard } from './sim-card.js';

const NOTHING_KNOWN: readonly Block[] = [];
const ALL_OF_EIGHT = 0xff;

/** What a power cut at this instant would leave of a card: read from its parts, not from its firmware. */
export class DurableView {
  readonly layout: NvramLayout;
  readonly blocks: number;
  readonly #blocksAGrain: number;
  #control: Control | undefined;
  /** As of which change of the NVRAM. */
  #controlAsOf = -1;

  constructor(readonly card: SimCard) {
    this.layout = layoutOf(card.geometry);
    this.blocks = card.geometry.sizeBytes / BLOCK_BYTES;
    this.#blocksAGrain = card.geometry.grainBytes / BLOCK_BYTES;
  }

  /** The control block that a boot would go by; undefined when every copy is lost. */
  get control(): Control | undefined {
    const { content } = this.card.nvram;
    if (content.damagedLines.size > 0 || content.changes !== this.#controlAsOf) {
      this.#control = newestOf(this.layout.controlBlocks.map((region) => (this.isDamaged(region) ? undefined : controlIn(content.bytes, region))));
      this.#controlAsOf = content.damagedLines.size > 0 ? -1 : content.changes;
    }
    return this.#control;
  }

  /** Damage counts as dirty, of the written map too (rule 14). */
  isDirty(grain: number): boolean {
    return this.card.nvram.content.doubtful || this.#bit(this.layout.dirty, grain) || this.isWrittenDamaged(grain);
  }

  /** Whether the grain reads as written because nobody knows any more. */
  isWrittenDamaged(grain: number): boolean {
    const { damagedLines } = this.card.nvram.content;
    return damagedLines.size > 0 && damagedLines.has(lineOf(this.layout.written, grain));
  }

  /** Whether a boot takes the grain for dirty because the line is lost that says so, or that says whether it is written. */
  isMapDamaged(grain: number): boolean {
    return this.isWrittenDamaged(grain) || this.card.nvram.content.damagedLines.has(lineOf(this.layout.dirty, grain));
  }

  /** {@link isDirty} of eight grains from `grain` on, a multiple of eight: a bit each. */
  dirtyOfEight(grain: number): number {
    const { content } = this.card.nvram;
    if (content.doubtful || content.damagedLines.has(lineOf(this.layout.dirty, grain)) || this.isWrittenDamaged(grain)) return ALL_OF_EIGHT;
    return content.bytes[this.layout.dirty.offsetBytes + (grain >>> 3)] ?? 0;
  }

  /** {@link isWritten} likewise. */
  writtenOfEight(grain: number): number {
    const { content } = this.card.nvram;
    if (content.damagedLines.has(lineOf(this.layout.written, grain))) return ALL_OF_EIGHT;
    return content.bytes[this.layout.written.offsetBytes + (grain >>> 3)] ?? 0;
  }

  /** In which grain a block lies. */
  grainOf(block: number): number {
    return Math.floor(block / this.#blocksAGrain);
  }

  firstBlockOf(grain: number): number {
    return grain * this.#blocksAGrain;
  }

  /** The block behind a grain; the last grain may be short. */
  endBlockOf(grain: number): number {
    return Math.min(this.blocks, (grain + 1) * this.#blocksAGrain);
  }

  /** Bytes of a grain. */
  lengthBytesOf(grain: number): number {
    return (this.endBlockOf(grain) - this.firstBlockOf(grain)) * BLOCK_BYTES;
  }

  isWritten(grain: number): boolean {
    return this.#bit(this.layout.written, grain);
  }

  /** The volume as it reads, through the written map (rule 19). Unflushed blocks count as there. */
  readonly content: VolumeContent = this.#content((block) => this.card.volume.block(block));

  /** As {@link content}, but without what is not flushed. */
  readonly durableContent: VolumeContent = this.#content((block) => this.card.volume.durable.get(block));

  /** Blocks that hold something else than zeroes, or zeroes that were written. */
  blocksNotZero(): number[] {
    const blocks: number[] = [];
    this.content.differing(NOTHING_KNOWN, (block, content) => { if (content !== ZERO_BLOCK) blocks.push(block); });
    return blocks;
  }

  #content(stored: (block: number) => Block): VolumeContent {
    return {
      block: (block) => (this.isWritten(this.grainOf(block)) ? stored(block) : ZERO_BLOCK),
      differing: (known, visit) => {
        for (let grain = 0; grain < this.layout.grains; grain += 1) {
          const isWritten = this.isWritten(grain);
          const end = this.endBlockOf(grain);
          for (let block = this.firstBlockOf(grain); block < end; block += 1) {
            const content = isWritten ? stored(block) : ZERO_BLOCK;
            if (content !== known[block]) visit(block, content);
          }
        }
      },
    };
  }

  #bit(region: Region, grain: number): boolean {
    const { damagedLines, bytes } = this.card.nvram.content;
    if (damagedLines.size > 0 && damagedLines.has(lineOf(region, grain))) return true;
    return (((bytes[region.offsetBytes + (grain >>> 3)] ?? 0) >>> (grain & 7)) & 1) === 1;
  }

  /** Whether a line of the region is lost. */
  isDamaged(region: Region): boolean {
    if (this.card.nvram.content.damagedLines.size === 0) return false;
    for (let line = region.offsetBytes / NVRAM_LINE_BYTES; line < (region.offsetBytes + region.lengthBytes) / NVRAM_LINE_BYTES; line += 1) {
      if (this.card.nvram.content.damagedLines.has(line)) return true;
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
  for (let first = 0; first < primary.layout.grains; first += 8) {
    const clean = ~(primary.dirtyOfEight(first) | secondary.dirtyOfEight(first));
    // What neither holds written reads the same, and is not unsettled.
    let suspects = clean & (primary.writtenOfEight(first) | secondary.writtenOfEight(first)) & ALL_OF_EIGHT;
    for (let grain = first; suspects !== 0 && grain < primary.layout.grains; grain += 1, suspects >>>= 1) {
      if ((suspects & 1) === 1 && (unsettled.has(grain) || !isSameGrain(primary, secondary, grain))) uncovered.push(grain);
    }
  }
  return uncovered;
}

/** The first block that does not read the same on both. */
export function differingBlock(one: DurableView, other: DurableView): number | undefined {
  for (let grain = 0; grain < one.layout.grains; grain += 1) {
    if (!one.isWritten(grain) && !other.isWritten(grain)) continue;
    for (let block = one.firstBlockOf(grain); block < one.endBlockOf(grain); block += 1) {
      if (!one.content.block(block).holdsSameAs(other.content.block(block))) return block;
    }
  }
  return undefined;
}

/** Grains that have unflushed blocks, or some under way, whose old content is not their new one. */
function unsettledGrains(view: DurableView): Set<number> {
  const { volume } = view.card;
  const grains = new Set<number>();
  for (const block of volume.unflushed) {
    const grain = view.grainOf(block);
    if (view.isWritten(grain) && volume.block(block).hash !== volume.durable.get(block).hash) grains.add(grain);
  }
  for (const { part, atoms } of view.card.power.unsettled) {
    if (part !== 'volume') continue;
    for (const { at, bytes } of atoms) if (Buffer.compare(volume.block(at).bytes, bytes) !== 0) grains.add(view.grainOf(at));
  }
  return grains;
}

/** Whether what is durable of a grain reads the same on both. */
function isSameGrain(one: DurableView, other: DurableView, grain: number): boolean {
  const [written, otherWritten] = [one.isWritten(grain), other.isWritten(grain)];
  if (!written && !otherWritten) return true;
  const end = one.endBlockOf(grain);
  for (let block = one.firstBlockOf(grain); block < end; block += 1) {
    const hash = written ? one.card.volume.durable.get(block).hash : 0;
    const otherHash = otherWritten ? other.card.volume.durable.get(block).hash : 0;
    if (hash !== otherHash) return false;
  }
  return true;
}
