import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DEFAULT_GRAIN_FLOOR_BYTES, DEFAULT_NVRAM_BYTES, DEFAULT_STORE_SHARE } from '../firmware/limits.js';
import { formatCard } from '../firmware/metadata/format.js';
import { type Geometry, geometryError, grainBytesFor } from '../firmware/metadata/nvram-layout.js';
import { hasBoardFile, writeBoardFile } from './board-file.js';
import { buildHal } from './build-hal.js';
import { createStorage, openStorage } from './card-storage.js';
import { EmulatorError, emulatorErrors } from './errors.js';
import { CardPeerPort } from './parts/card-peer-port.js';
import { lockDirectory } from './parts/directory-lock.js';
import { HostPort } from './parts/host-port.js';
import { errorCode, errorText } from './parts/part-fault.js';
import { WallClock } from './parts/wall-clock.js';
import { runTask } from './run-task.js';

/** What a card shall be like; what is left out follows from the rest. */
export interface CardWish {
  readonly sizeBytes: number;
  readonly grainBytes?: number;
  readonly nvramBytes?: number;
  readonly storeBytes?: number;
}

/**
 * Makes a card in a directory, which need not exist yet. A cut before the end leaves no card, and it can be
 * done again.
 * @throws EmulatorError GEOMETRY_INVALID, CARD_DIRECTORY_HAS_CARD, CARD_DIRECTORY_IN_USE,
 * CARD_DIRECTORY_NOT_USABLE
 */
export async function formatDirectory(directory: string, wish: CardWish): Promise<Geometry> {
  const geometry = geometryFor(wish);
  makeDirectory(directory);
  const lock = lockDirectory(directory);
  try {
    if (hasBoardFile(directory)) throw emulatorErrors.directoryHasCard(directory);
    await formatParts(directory, geometry);
    writeBoardFile(directory, geometry);
    return geometry;
  } catch (error) {
    if (error instanceof EmulatorError) throw error;
    throw emulatorErrors.directoryNotUsable(directory, errorText(error));
  } finally {
    lock.release();
  }
}

/** @throws EmulatorError GEOMETRY_INVALID */
export function geometryFor(wish: CardWish): Geometry {
  const { sizeBytes, nvramBytes = DEFAULT_NVRAM_BYTES } = wish;
  // Where no grain size fits, this one brings out what is wrong.
  const grainBytes = wish.grainBytes ?? grainBytesFor(sizeBytes, nvramBytes) ?? DEFAULT_GRAIN_FLOOR_BYTES;
  const storeBytes = wish.storeBytes ?? Math.ceil(sizeBytes / DEFAULT_STORE_SHARE / grainBytes) * grainBytes;
  const geometry = { sizeBytes, grainBytes, nvramBytes, storeBytes };
  const wrong = geometryError(geometry);
  if (wrong !== undefined) throw emulatorErrors.geometryInvalid(wrong);
  return geometry;
}

async function formatParts(directory: string, geometry: Geometry): Promise<void> {
  createStorage(directory, geometry);
  const trace = { event: () => undefined };
  const storage = openStorage(directory, geometry, trace);
  const clock = new WallClock();
  // Nobody is connected while a card is being made.
  const hal = buildHal({ storage, clock, hosts: new HostPort().frames, peer: new CardPeerPort(), trace });
  let clean = false;
  try {
    await runTask(clock, 'format', (loop) => formatCard(loop, hal, geometry));
    clean = true;
  } finally {
    await storage.close(clean);
  }
}

function makeDirectory(directory: string): void {
  try {
    makeWithParents(resolve(directory));
  } catch (error) {
    throw emulatorErrors.directoryNotUsable(directory, errorText(error));
  }
}

/** One by one: where nothing can be made, as in /proc, Node's `recursive` never returns. */
function makeWithParents(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || existsSync(parent)) throw error;
    makeWithParents(parent);
    mkdirSync(path);
  }
}
