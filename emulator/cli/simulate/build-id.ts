import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What decides how a seed ends. */
const PARTS = ['protos', 'firmware', join('emulator', 'simulation')];
const DIGITS = 16;

/**
 * Says which firmware and which simulator this is, the same wherever they were built: what one build has shown says
 * nothing of another.
 */
export function buildId(): string {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const hash = createHash('sha256');
  for (const part of PARTS) {
    const programs = readdirSync(join(root, part), { recursive: true, encoding: 'utf8' }).filter((name) => /(?<!\.d)\.(js|ts)$/.test(name));
    for (const name of programs.sort()) hash.update(`${part}/${name}\n`).update(readFileSync(join(root, part, name)));
  }
  return hash.digest('hex').slice(0, DIGITS);
}
