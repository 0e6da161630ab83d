import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Geometry, geometryError } from '../firmware/metadata/nvram-layout.js';
import { emulatorErrors } from './errors.js';
import { MAX_BOARD_FILE_BYTES } from './limits.js';
import { errorCode, errorText } from './parts/part-fault.js';

/** What the board in a card's directory is built of. It is there when, and only when, the card is formatted. */
export const BOARD_FILE = 'board.json';

const FORMAT_VERSION = 1;
const MODEL = 'grainlink emulated card';

/** Whether the directory holds a formatted card. */
export function hasBoardFile(directory: string): boolean {
  return statSync(join(directory, BOARD_FILE), { throwIfNoEntry: false }) !== undefined;
}

/** @throws EmulatorError CARD_DIRECTORY_HAS_NO_CARD, CARD_DIRECTORY_DAMAGED */
export function readBoardFile(directory: string): Geometry {
  const path = join(directory, BOARD_FILE);
  let content: unknown;
  try {
    const { size } = statSync(path);
    if (size > MAX_BOARD_FILE_BYTES) throw new Error(`it has ${String(size)} bytes`);
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') throw emulatorErrors.directoryHasNoCard(directory);
    throw emulatorErrors.directoryDamaged(directory, `${BOARD_FILE} cannot be read (${errorText(error)})`);
  }
  const geometry = geometryOf(directory, content);
  const wrong = geometryError(geometry);
  if (wrong !== undefined) throw emulatorErrors.directoryDamaged(directory, `${BOARD_FILE} describes no possible card. ${wrong}`);
  return geometry;
}

/** Writes it whole or not at all, and durably. */
export function writeBoardFile(directory: string, geometry: Geometry): void {
  const { sizeBytes, grainBytes, nvramBytes, storeBytes } = geometry;
  const content = { formatVersion: FORMAT_VERSION, model: MODEL, sizeBytes, grainBytes, nvramBytes, storeBytes };
  const path = join(directory, BOARD_FILE);
  const draft = `${path}.new`;
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`);
  syncPath(draft);
  renameSync(draft, path);
  syncPath(directory);
}

function geometryOf(directory: string, content: unknown): Geometry {
  if (typeof content !== 'object' || content === null) throw emulatorErrors.directoryDamaged(directory, `${BOARD_FILE} holds no object`);
  const fields = new Map<string, unknown>(Object.entries(content));
  const number = (name: string): number => {
    const value = fields.get(name);
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    throw emulatorErrors.directoryDamaged(directory, `${BOARD_FILE} has no whole number "${name}"`);
  };
  const version = number('formatVersion');
  if (version !== FORMAT_VERSION) {
    throw emulatorErrors.directoryDamaged(directory, `${BOARD_FILE} has format version ${String(version)}, and this program knows ${String(FORMAT_VERSION)}`);
  }
  return {
    sizeBytes: number('sizeBytes'),
    grainBytes: number('grainBytes'),
    nvramBytes: number('nvramBytes'),
    storeBytes: number('storeBytes'),
  };
}

function syncPath(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
