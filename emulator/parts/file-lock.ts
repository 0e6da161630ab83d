import { open } from 'node:fs/promises';
import { waitForLock } from 'fs-native-extensions';

/**
 * Does something while nobody else, in this process or another, does the like with the same file of a lock. The kernel
 * holds the lock for the open file, so it dies with the process however that ends; the file itself means nothing.
 * @throws as `open` does.
 */
export async function whileLocked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const file = await open(path, 'a');
  try {
    await waitForLock(file.fd);
    return await work();
  } finally {
    await file.close();
  }
}
