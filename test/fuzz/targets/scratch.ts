import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files in memory, where the system has such: the parts flush theirs again and again, and disks take long for that. */
const IN_MEMORY = '/dev/shm';

let directory: string | undefined;

/** A directory for targets that read files. One for all runs: to make it takes longer than to read a file in it. */
export function scratchDirectory(): string {
  if (directory !== undefined) return directory;
  const made = mkdtempSync(join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), 'grainlink-fuzz-'));
  process.once('exit', () => { rmSync(made, { recursive: true }); });
  directory = made;
  return made;
}
