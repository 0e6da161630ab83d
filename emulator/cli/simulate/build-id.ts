import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIGITS = 16;

/** What decides how a seed ends: the firmware under test, and the world and the judges around it. */
export interface BuildIds {
  readonly firmware: string;
  readonly simulator: string;
}

/** Says which they are, the same wherever they were built. */
export function buildIds(): BuildIds {
  return { firmware: idOf(['protos', 'firmware']), simulator: idOf([join('emulator', 'simulation')]) };
}

function idOf(parts: readonly string[]): string {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const hash = createHash('sha256');
  for (const part of parts) {
    const programs = readdirSync(join(root, part), { recursive: true, encoding: 'utf8' }).filter((name) => /(?<!\.d)\.(js|ts)$/.test(name));
    for (const name of programs.sort()) hash.update(`${part}/${name}\n`).update(readFileSync(join(root, part, name)));
  }
  return hash.digest('hex').slice(0, DIGITS);
}
