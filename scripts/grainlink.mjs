#!/usr/bin/env node
// What `npx grainlink` runs in a checkout. It stands in git, executable, because the compiled program is
// neither there before the first build nor made executable by the compiler, and npx remembers a program
// that it could not link.
import { existsSync } from 'node:fs';

const program = new URL('../dist/emulator/cli/grainlink.js', import.meta.url);
if (existsSync(program)) {
  await import(program.href);
} else {
  process.stderr.write('grainlink: The program is not built yet. Run `npm run build` in the checkout first.\n');
  process.exitCode = 70;
}
