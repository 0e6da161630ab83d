import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { emulatorErrors } from '../errors.js';
import { errorText } from './part-fault.js';

export interface DirectoryLock {
  release(): void;
}

/**
 * Locks a card's directory. The kernel holds the lock for the open file, so it dies with the process however
 * that ends; the file `lock` itself means nothing.
 * @throws EmulatorError CARD_DIRECTORY_IN_USE while anyone else, in this process or another, has it.
 */
export function lockDirectory(directory: string): DirectoryLock {
  let fd: number;
  try {
    fd = openSync(join(directory, 'lock'), 'a');
  } catch (error) {
    throw emulatorErrors.directoryNotUsable(directory, errorText(error));
  }
  let locked = false;
  try {
    locked = tryLock(fd);
  } catch (error) {
    throw emulatorErrors.directoryNotUsable(directory, `its file system gives no locks (${errorText(error)})`);
  } finally {
    if (!locked) closeSync(fd);
  }
  if (!locked) throw emulatorErrors.directoryInUse(directory);
  return { release: () => { closeSync(fd); } };
}
