import type { Dirent } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Regular files of this machine, for as long as the caller takes more: first the Node that runs this, then what
 * this project uses, then the system's programs. In the same order every time. Symbolic links are not followed.
 */
export async function* machineFiles(): AsyncGenerator<string> {
  const seen = new Set<string>();
  for (const root of await roots()) yield* filesUnder(root, seen);
}

async function roots(): Promise<string[]> {
  const node = dirname(dirname(process.execPath));
  const modules = fileURLToPath(new URL('../../../../node_modules', import.meta.url));
  const found: string[] = [];
  for (const candidate of [node, modules, '/usr', '/opt', '/Library']) {
    const path = await realpath(candidate).catch(() => undefined);
    // Never a whole machine: that has devices, other file systems and people's letters in it.
    if (path !== undefined && path !== parse(path).root) found.push(path);
  }
  return found;
}

/** @param seen directories told already: one root may lie in another. */
async function* filesUnder(directory: string, seen: Set<string>): AsyncGenerator<string> {
  if (seen.has(directory)) return;
  seen.add(directory);
  const entries = await readdir(directory, { withFileTypes: true }).catch((): Dirent[] => []);
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) if (entry.isFile()) yield join(directory, entry.name);
  for (const entry of entries) if (entry.isDirectory()) yield* filesUnder(join(directory, entry.name), seen);
}
