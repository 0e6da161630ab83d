// Writes what is generated from protos/registers and protos/status. The emitters are pure and live in protos;
// touching the file system is all that is left for here. Run by `npm run generate`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from '../dist/protos/registers/emit/generate.js';

for (const [path, text] of Object.entries(generatedFiles())) {
  const target = fileURLToPath(new URL(`../${path}`, import.meta.url));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}
