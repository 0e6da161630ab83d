import { NVRAM_LINE_BYTES } from '../../firmware/hal.js';
import { BLOCK_BYTES } from '../../firmware/limits.js';
import { type Geometry, grainsOf } from '../../firmware/metadata/nvram-layout.js';
import { Random } from './random.js';

const STREAM = 5;
/** Hosts write to so many blocks from the start of a small volume, by seed: few, so that they meet, or all. */
const SPANS_BLOCKS = [48, 320, 320, 1024, 2048];
/** Of a volume whose maps have several lines: so many around each place where a line ends, and at both ends of the volume. */
const WINDOWS_BLOCKS = [64, 192, 192, 480];
/** Of these seeds, in such a part hosts write to all of the volume. */
const WHOLE_CHANCE = 0.2;
const GRAINS_A_LINE = NVRAM_LINE_BYTES * 8;

/** Consecutive blocks of a volume. */
export interface Blocks {
  readonly first: number;
  readonly count: number;
}

/** Where the hosts of a seed ask for something. */
export class HostSpan {
  /** @param windows that do not overlap, each of 17 blocks at least. */
  constructor(private readonly windows: readonly Blocks[]) {}

  /** So many blocks that lie together, or as many as there are. */
  place(random: Random, count: number): Blocks {
    const { first, count: room } = this.#window(random);
    const blocks = Math.min(count, room);
    return { first: first + random.below(room - blocks + 1), count: blocks };
  }

  /** The blocks of one window. */
  #window(random: Random): Blocks {
    const [only] = this.windows;
    return only !== undefined && this.windows.length === 1 ? only : random.pick(this.windows);
  }
}

/** What a seed decides. */
export function hostSpanOf(seed: number, geometry: Geometry): HostSpan {
  const random = new Random(seed, STREAM);
  const blocks = geometry.sizeBytes / BLOCK_BYTES;
  if (grainsOf(geometry) <= GRAINS_A_LINE) return new HostSpan([{ first: 0, count: Math.min(blocks, random.pick(SPANS_BLOCKS)) }]);
  if (random.chance(WHOLE_CHANCE)) return new HostSpan([{ first: 0, count: blocks }]);
  const count = random.pick(WINDOWS_BLOCKS);
  const windows = [{ first: 0, count }, { first: blocks - count, count }];
  const lineBlocks = (GRAINS_A_LINE * geometry.grainBytes) / BLOCK_BYTES;
  for (let end = lineBlocks; end + count < blocks - count; end += lineBlocks) windows.push({ first: end - count / 2, count });
  return new HostSpan(windows);
}
