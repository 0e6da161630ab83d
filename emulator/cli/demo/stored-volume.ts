import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import { Bitmap } from '../../../firmware/metadata/bitmap.js';
import { type Geometry, layoutOf, type Region } from '../../../firmware/metadata/nvram-layout.js';
import { readBoardFile } from '../../board-file.js';
import { volumeFiles } from '../../card-storage.js';
import { VOLUME_SEGMENT_BYTES } from '../../limits.js';
import { FileDisk } from '../../parts/file-disk.js';
import { STORED_LINE_BYTES, decodeHeader, decodeLine, linePosition } from '../../parts/nvram-file-format.js';
import { RefusedError } from '../errors.js';

/** A volume as the files of a card that is switched off hold it. */
export interface StoredVolume {
  readonly geometry: Geometry;
  /** Grains that were ever written (rule 19): the others read as zeroes, whatever their place on the disk holds. */
  readonly written: Bitmap;
  /** Grains that may differ from the other card's. */
  readonly dirty: Bitmap;
  /** What lies on the disk, without regard to the written map. */
  readRaw(offsetBytes: number, into: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads a card's own files, with no card in between.
 * @throws RefusedError when the NVRAM file is damaged, EmulatorError when there is no whole card.
 */
export async function openStoredVolume(directory: string): Promise<StoredVolume> {
  const geometry = readBoardFile(directory);
  const layout = layoutOf(geometry);
  const image = await readNvram(join(directory, 'nvram'), geometry.nvramBytes);
  const mapIn = ({ offsetBytes, lengthBytes }: Region): Bitmap => new Bitmap(image.subarray(offsetBytes, offsetBytes + lengthBytes), layout.grains);
  const disk = new FileDisk('volume', volumeFiles(directory, geometry.sizeBytes).map(({ path }) => path), VOLUME_SEGMENT_BYTES, geometry.sizeBytes);
  return {
    geometry,
    written: mapIn(layout.written),
    dirty: mapIn(layout.dirty),
    readRaw: (offsetBytes, into) => new Promise((resolve, reject) => {
      disk.read(offsetBytes, into, { succeed: resolve, fail: (fault) => { reject(new Error(fault.text)); } });
    }),
    close: () => disk.close(),
  };
}

/** The file is only read: a power-up would mark it as in use. */
async function readNvram(path: string, sizeBytes: number): Promise<Uint8Array> {
  const stored = await readFile(path);
  const damaged = (what: string): RefusedError => new RefusedError('CHECK_FAILED', `The NVRAM of a card that was shut down is damaged: ${what}.`, path);
  const lines = sizeBytes / NVRAM_LINE_BYTES;
  if (stored.length < linePosition(lines) || decodeHeader(stored)?.clean !== true) throw damaged('its header does not say that it is whole');
  const image = new Uint8Array(sizeBytes);
  for (let line = 0; line < lines; line += 1) {
    const into = image.subarray(line * NVRAM_LINE_BYTES, (line + 1) * NVRAM_LINE_BYTES);
    if (!decodeLine(stored.subarray(linePosition(line), linePosition(line) + STORED_LINE_BYTES), 0, line, into)) throw damaged(`line ${String(line)} fails its check`);
  }
  return image;
}
