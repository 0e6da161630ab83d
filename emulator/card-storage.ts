import { closeSync, constants, ftruncateSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk, Nvram, Trace } from '../firmware/hal.js';
import { RESERVED_BYTES } from '../firmware/limits.js';
import type { Geometry } from '../firmware/metadata/nvram-layout.js';
import { emulatorErrors } from './errors.js';
import { VOLUME_SEGMENT_BYTES } from './limits.js';
import { machineBootId } from './parts/boot-id.js';
import { FileDisk } from './parts/file-disk.js';
import { FileNvram } from './parts/file-nvram.js';
import { errorText } from './parts/part-fault.js';

/** The parts of a card that keep something when it is switched off. */
export interface CardStorage {
  readonly nvram: Nvram;
  readonly volume: Disk;
  readonly store: Disk;
  readonly reserved: Disk;
  /** @param clean the card was shut down: the next power-up need not doubt the NVRAM. */
  close(clean: boolean): Promise<void>;
}

interface StoredFile {
  readonly path: string;
  readonly lengthBytes: number;
}

/**
 * Opens the parts in a card's directory.
 * @throws EmulatorError CARD_DIRECTORY_DAMAGED when data is missing: it must not read as zeroes.
 */
export function openStorage(directory: string, geometry: Geometry, trace: Trace): CardStorage {
  const volume = volumeFiles(directory, geometry.sizeBytes);
  const store = storeFile(directory, geometry.storeBytes);
  const reserved = reservedFile(directory);
  for (const file of [...volume, store]) checkLength(directory, file);
  // Both the reserved part and NVRAM tell whoever holds the other what is lost: they are brought to size.
  setLength(reserved);
  try {
    const disks = [
      new FileDisk('volume', volume.map((file) => file.path), VOLUME_SEGMENT_BYTES, geometry.sizeBytes),
      new FileDisk('FlashCopy store', [store.path], geometry.storeBytes, geometry.storeBytes),
      new FileDisk('reserved part', [reserved.path], RESERVED_BYTES, RESERVED_BYTES),
    ] as const;
    const nvram = new FileNvram(join(directory, 'nvram'), geometry.nvramBytes, machineBootId(), trace);
    return {
      nvram,
      volume: disks[0],
      store: disks[1],
      reserved: disks[2],
      async close(clean: boolean): Promise<void> {
        const ended = await Promise.allSettled(disks.map((disk) => disk.close()));
        const durable = ended.every((result) => result.status === 'fulfilled');
        nvram.close(clean && durable);
      },
    };
  } catch (error) {
    throw emulatorErrors.directoryDamaged(directory, errorText(error));
  }
}

/**
 * Makes the files of a new card. What the volume's files hold stays: a disk that held something else before
 * reads as zeroes to hosts all the same (rule 19).
 */
export function createStorage(directory: string, geometry: Geometry): void {
  for (const file of volumeFiles(directory, geometry.sizeBytes)) setLength(file);
  for (const file of [storeFile(directory, geometry.storeBytes), reservedFile(directory)]) {
    setLength({ ...file, lengthBytes: 0 });
    setLength(file);
  }
  const silent: Trace = { event: () => undefined };
  const nvram = new FileNvram(join(directory, 'nvram'), geometry.nvramBytes, machineBootId(), silent);
  nvram.erase();
  nvram.close(true);
}

/** The segments of a volume: `volume.000`, `volume.001`, … */
export function volumeFiles(directory: string, sizeBytes: number): StoredFile[] {
  const files: StoredFile[] = [];
  for (let startBytes = 0; startBytes < sizeBytes; startBytes += VOLUME_SEGMENT_BYTES) {
    const path = join(directory, `volume.${String(files.length).padStart(3, '0')}`);
    files.push({ path, lengthBytes: Math.min(VOLUME_SEGMENT_BYTES, sizeBytes - startBytes) });
  }
  return files;
}

function storeFile(directory: string, storeBytes: number): StoredFile {
  return { path: join(directory, 'store'), lengthBytes: storeBytes };
}

function reservedFile(directory: string): StoredFile {
  return { path: join(directory, 'reserved'), lengthBytes: RESERVED_BYTES };
}

function checkLength(directory: string, { path, lengthBytes }: StoredFile): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size !== undefined && size >= lengthBytes) return;
  const found = size === undefined ? 'is missing' : `has ${String(size)} bytes instead of ${String(lengthBytes)}`;
  throw emulatorErrors.directoryDamaged(directory, `${path} ${found}; put the whole file back, or format a new card`);
}

function setLength({ path, lengthBytes }: StoredFile): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    ftruncateSync(fd, lengthBytes);
  } finally {
    closeSync(fd);
  }
}
