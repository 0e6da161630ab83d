import { type CardWish, geometryFor } from '../../card-directory.js';
import type { Geometry } from '../../../firmware/metadata/nvram-layout.js';
import { UsageError } from '../errors.js';
import { fileLength, STANDARD_STREAM } from '../local-file.js';
import { formatBytes } from '../sizes.js';
import { CHECK_BLOCK_BYTES, DATA_SHARE, DEFAULT_DATA_BYTES, MAX_DEMO_VOLUME_BYTES, MIN_DEMO_VOLUME_BYTES } from './settings.js';

export interface DemoOptions {
  /** A file to fill the primary with, instead of files of this machine. */
  readonly image?: string;
  /** Bytes of the volume. */
  readonly size?: number;
  readonly grain?: number;
}

export interface Plan {
  readonly geometry: Geometry;
  readonly wish: CardWish;
  /** How much of the volume is filled, from its start: at most, where this machine has no more. */
  readonly dataBytes: number;
  readonly image: string | undefined;
}

const MIB = 1024 * 1024;

/**
 * @throws UsageError when the wishes do not fit together, EmulatorError GEOMETRY_INVALID, LocalFileError.
 */
export async function planDemo({ image, size, grain }: DemoOptions): Promise<Plan> {
  const imageBytes = image === undefined ? undefined : roundUp(await imageLength(image), CHECK_BLOCK_BYTES);
  const sizeBytes = size ?? roundUp(Math.max((imageBytes ?? DEFAULT_DATA_BYTES) / DATA_SHARE, MIN_DEMO_VOLUME_BYTES), MIB);
  if (sizeBytes < MIN_DEMO_VOLUME_BYTES || sizeBytes > MAX_DEMO_VOLUME_BYTES) {
    throw new UsageError(`The demo's volume may have ${formatBytes(MIN_DEMO_VOLUME_BYTES)} to ${formatBytes(MAX_DEMO_VOLUME_BYTES)}, and this one would have ${formatBytes(sizeBytes)}.`);
  }
  if (imageBytes !== undefined && imageBytes > sizeBytes) {
    throw new UsageError(`The image has ${formatBytes(imageBytes)} and does not fit a volume of ${formatBytes(sizeBytes)}: give a larger --size.`);
  }
  // However large the grains, and wherever the host writes, T0 is not lost for want of room; the store is sparse.
  const wish = { sizeBytes, storeBytes: sizeBytes, ...(grain === undefined ? {} : { grainBytes: grain }) };
  return { geometry: geometryFor(wish), wish, dataBytes: imageBytes ?? roundDown(sizeBytes * DATA_SHARE, CHECK_BLOCK_BYTES), image };
}

async function imageLength(image: string): Promise<number> {
  const length = image === STANDARD_STREAM ? undefined : await fileLength(image);
  if (length === undefined || length === 0) throw new UsageError(`--image: ${image} has to be a file that holds something.`);
  return length;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

function roundDown(value: number, unit: number): number {
  return Math.floor(value / unit) * unit;
}
