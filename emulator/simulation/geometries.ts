import type { Geometry } from '../../firmware/metadata/nvram-layout.js';
import { Random } from './random.js';

const KIB = 1024;

/** A megabyte in grains of 4 KiB: 256 grains, half of what a line of NVRAM has bits for. The store holds 64. */
export const SMALL_GEOMETRY: Geometry = { sizeBytes: 1024 * KIB, grainBytes: 4 * KIB, nvramBytes: 64 * KIB, storeBytes: 256 * KIB };
/** 1100 grains, whose maps have three lines each, the last grain half as long as the others. The store holds 96. */
export const LARGE_GEOMETRY: Geometry = { sizeBytes: (1099 * 8 + 4) * KIB, grainBytes: 8 * KIB, nvramBytes: 64 * KIB, storeBytes: 768 * KIB };

const STREAM = 7;
const LARGE_CHANCE = 1 / 3;

/** What the cards of a seed are built with: nothing else that the seed decides depends on it. */
export function geometryOf(seed: number): Geometry {
  return new Random(seed, STREAM).chance(LARGE_CHANCE) ? LARGE_GEOMETRY : SMALL_GEOMETRY;
}
