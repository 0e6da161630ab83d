import { RefusedError } from '../errors.js';
import { CHECK_BLOCK_BYTES, CHUNK_BYTES } from './settings.js';
import { openStoredVolume, type StoredVolume } from './stored-volume.js';
import type { Bounds, VolumeModel } from './volume-model.js';

export interface Comparison {
  readonly grainsCompared: number;
  readonly bytesCompared: number;
  /** Grains that neither card ever wrote. */
  readonly neverWritten: number;
  /** Of these, so many lie on bytes of the secondary's disk that are not zero. */
  readonly neverWrittenOverOldBytes: number;
}

/**
 * Compares two cards that are switched off byte for byte, by their files, and both with what the host knows to have
 * written. A grain that was never written counts as zeroes on either side (rule 19).
 * @param between is awaited between pieces, and may reject to end it early.
 * @throws RefusedError at the first difference.
 */
export async function compareCards(primary: string, secondary: string, model: VolumeModel, between: () => Promise<void>): Promise<Comparison> {
  const volumes: StoredVolume[] = [];
  try {
    const p = await opened(primary, volumes);
    const s = await opened(secondary, volumes);
    mustBeClean(p, 'primary');
    mustBeClean(s, 'secondary');
    return await compareVolumes(p, s, model, between);
  } finally {
    for (const volume of volumes) await volume.close();
  }
}

async function opened(directory: string, volumes: StoredVolume[]): Promise<StoredVolume> {
  const volume = await openStoredVolume(directory);
  volumes.push(volume);
  return volume;
}

async function compareVolumes(p: StoredVolume, s: StoredVolume, model: VolumeModel, between: () => Promise<void>): Promise<Comparison> {
  const { sizeBytes, grainBytes } = p.geometry;
  const bounds = model.bounds();
  // Whole grains, or a whole part of one.
  const pieceBytes = Math.min(grainBytes, CHUNK_BYTES);
  const memory = [new Uint8Array(pieceBytes), new Uint8Array(pieceBytes)] as const;
  let neverWritten = 0;
  let neverWrittenOverOldBytes = 0;
  for (let grain = 0; grain < p.written.bits; grain += 1) {
    let oldBytes = false;
    const end = Math.min(sizeBytes, (grain + 1) * grainBytes);
    for (let offset = grain * grainBytes; offset < end; offset += pieceBytes) {
      await between();
      const bytes = Math.min(pieceBytes, end - offset);
      const [ofP, ofS] = [memory[0].subarray(0, bytes), memory[1].subarray(0, bytes)];
      await readPiece(p, grain, offset, ofP);
      if (await readPiece(s, grain, offset, ofS)) oldBytes = true;
      mustBeRight(offset, ofP, ofS, model, bounds);
    }
    if (p.written.has(grain) || s.written.has(grain)) continue;
    neverWritten += 1;
    if (oldBytes) neverWrittenOverOldBytes += 1;
  }
  return { grainsCompared: p.written.bits, bytesCompared: sizeBytes, neverWritten, neverWrittenOverOldBytes };
}

/** Reads what the card holds there. Returns whether something lies below a grain that was never written. */
async function readPiece(volume: StoredVolume, grain: number, offset: number, into: Uint8Array): Promise<boolean> {
  await volume.readRaw(offset, into);
  if (volume.written.has(grain)) return false;
  const hidden = into.some((byte) => byte !== 0);
  into.fill(0);
  return hidden;
}

function mustBeRight(offset: number, ofP: Uint8Array, ofS: Uint8Array, model: VolumeModel, bounds: Bounds): void {
  if (Buffer.compare(ofP, ofS) !== 0) {
    const at = offset + ofP.findIndex((byte, i) => byte !== ofS[i]);
    throw new RefusedError('CHECK_FAILED', `The volumes differ at byte ${String(at)}.`, '');
  }
  const wrong = model.firstWrongBlock(offset / CHECK_BLOCK_BYTES, ofP, bounds);
  if (wrong !== undefined) {
    const detail = `at byte ${String(wrong * CHECK_BLOCK_BYTES)}`;
    throw new RefusedError('CHECK_FAILED', 'The volumes are equal, and do not hold what the host was told to be written.', detail);
  }
}

/** Rule 11: synchronized means that no bit is set on either side. */
function mustBeClean({ dirty }: StoredVolume, name: string): void {
  if (dirty.count === 0) return;
  throw new RefusedError('CHECK_FAILED', `The ${name} was synchronized, and its map says that ${String(dirty.count)} grains are dirty.`, '');
}
