import { NVRAM_LINE_BYTES } from '../hal.js';
import {
  BLOCK_BYTES,
  CONTROL_BLOCK_BYTES,
  DEFAULT_GRAIN_FLOOR_BYTES,
  MAX_GRAIN_BYTES,
  MAX_NVRAM_BYTES,
  MAX_STORE_SLOTS,
  MAX_VOLUME_BYTES,
  MIN_GRAIN_BYTES,
  MIN_NVRAM_BYTES,
  MIN_VOLUME_BYTES,
} from '../limits.js';

/** What a card is built with. It does not change after format. */
export interface Geometry {
  readonly sizeBytes: number;
  readonly grainBytes: number;
  readonly nvramBytes: number;
  readonly storeBytes: number;
}

export interface Region {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/**
 * How NVRAM is divided:
 *
 *     control block A | control block B | position A | position B | dirty map | written map | T0 map | T0 index
 *
 * Every region starts at a line, so that a damaged line belongs to one region.
 */
export interface NvramLayout {
  readonly grains: number;
  readonly controlBlocks: readonly [Region, Region];
  /** How far an export or load has come, in two alternating lines. */
  readonly positions: readonly [Region, Region];
  /** The grain map (208, 222): one bit a grain, set when out-of-sync or in intent. */
  readonly dirty: Region;
  /** Rule 19: a clear bit reads as zeroes. */
  readonly written: Region;
  /** The written map as of T0. */
  readonly t0Written: Region;
  /** One 32-bit entry a store slot: the grain it holds, plus one; 0 is free. */
  readonly t0Index: Region;
  readonly storeSlots: number;
}

export const INDEX_ENTRY_BYTES = 4;

/** Maps may take three quarters of NVRAM; the rest is for the T0 index. */
const MAPS_SHARE = 3 / 4;
const MAPS = 3;

/** What is wrong with a geometry, in a sentence, or undefined when nothing is. */
export function geometryError(geometry: Geometry): string | undefined {
  const { sizeBytes, grainBytes, nvramBytes, storeBytes } = geometry;
  if (!within(sizeBytes, MIN_VOLUME_BYTES, MAX_VOLUME_BYTES)) return 'The volume size must be between 1 MiB and 16 TiB.';
  if (sizeBytes % MIN_GRAIN_BYTES !== 0) return 'The volume size must be a multiple of 4 KiB.';
  if (!within(grainBytes, MIN_GRAIN_BYTES, MAX_GRAIN_BYTES) || !isPowerOfTwo(grainBytes)) {
    return 'The grain size must be a power of two between 4 KiB and 16 MiB.';
  }
  if (grainBytes > sizeBytes) return 'The grain size must not exceed the volume size.';
  if (!within(nvramBytes, MIN_NVRAM_BYTES, MAX_NVRAM_BYTES) || nvramBytes % NVRAM_LINE_BYTES !== 0) {
    return 'The NVRAM size must be between 64 KiB and 64 MiB, and a multiple of 64 bytes.';
  }
  if (MAPS * mapBytes(sizeBytes, grainBytes) > nvramBytes * MAPS_SHARE) {
    return 'The grain maps do not fit the NVRAM: choose larger grains or a larger NVRAM.';
  }
  if (!Number.isSafeInteger(storeBytes) || storeBytes < grainBytes || storeBytes % BLOCK_BYTES !== 0) {
    return 'The FlashCopy store must hold at least one grain, and be a multiple of 512 bytes.';
  }
  return undefined;
}

/** The grain size that follows from volume and NVRAM, or undefined when no grain size fits. */
export function grainBytesFor(sizeBytes: number, nvramBytes: number): number | undefined {
  for (let grainBytes = DEFAULT_GRAIN_FLOOR_BYTES; grainBytes <= MAX_GRAIN_BYTES; grainBytes *= 2) {
    if (geometryError({ sizeBytes, grainBytes, nvramBytes, storeBytes: grainBytes }) === undefined) return grainBytes;
  }
  return undefined;
}

/** The layout of a geometry that {@link geometryError} found nothing wrong with. */
export function layoutOf(geometry: Geometry): NvramLayout {
  let next = 0;
  const take = (lengthBytes: number): Region => {
    const region = { offsetBytes: next, lengthBytes: roundUpToLine(lengthBytes) };
    next += region.lengthBytes;
    return region;
  };
  const map = mapBytes(geometry.sizeBytes, geometry.grainBytes);
  const controlBlocks = [take(CONTROL_BLOCK_BYTES), take(CONTROL_BLOCK_BYTES)] as const;
  const positions = [take(NVRAM_LINE_BYTES), take(NVRAM_LINE_BYTES)] as const;
  const dirty = take(map);
  const written = take(map);
  const t0Written = take(map);
  const storeSlots = Math.min(
    Math.floor(geometry.storeBytes / geometry.grainBytes),
    Math.floor((geometry.nvramBytes - next) / NVRAM_LINE_BYTES) * (NVRAM_LINE_BYTES / INDEX_ENTRY_BYTES),
    MAX_STORE_SLOTS,
  );
  const t0Index = take(storeSlots * INDEX_ENTRY_BYTES);
  return { grains: grainsOf(geometry), controlBlocks, positions, dirty, written, t0Written, t0Index, storeSlots };
}

/** Grains of a volume; the last one may be short. */
export function grainsOf(geometry: { readonly sizeBytes: number; readonly grainBytes: number }): number {
  return Math.ceil(geometry.sizeBytes / geometry.grainBytes);
}

function mapBytes(sizeBytes: number, grainBytes: number): number {
  return roundUpToLine(Math.ceil(grainsOf({ sizeBytes, grainBytes }) / 8));
}

function roundUpToLine(bytes: number): number {
  return Math.ceil(bytes / NVRAM_LINE_BYTES) * NVRAM_LINE_BYTES;
}

function within(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}
