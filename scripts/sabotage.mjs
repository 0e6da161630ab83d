// Shows that every rule is needed, and that its loss is noticed: builds the firmware with one rule left out at a
// time, and has the simulator find it, by wrong data alone. `npm run sabotage [names…]`; build first.
import { spawn, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const PATCHES = join(ROOT, 'test', 'sabotage');
/** Seeds within which each has to be found. The firmware as it is passes them all: CI runs them too. */
const SEEDS = '1..2000';

const wanted = process.argv.slice(2);
const names = readdirSync(PATCHES).filter((name) => name.endsWith('.patch') && (wanted.length === 0 || wanted.some((part) => name.includes(part)))).sort();
if (names.length === 0) {
  console.error(`no patch in ${PATCHES} is called like ${wanted.join(' or ')}`);
  process.exit(2);
}

let missed = 0;
const queue = [...names];
const started = Date.now();
await Promise.all(Array.from({ length: availableParallelism() }, async () => {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const { found, line } = await hunt(name);
    if (!found) missed += 1;
    console.log(`${found ? 'found ' : 'MISSED'}  ${name.replace('.patch', '').padEnd(44)}  ${line}`);
  }
}));
console.log(`${names.length - missed} of ${names.length} sabotages found, in ${Math.round((Date.now() - started) / 1000)} s`);
process.exitCode = missed === 0 ? 0 : 1;

/** Applies one patch to a copy, and runs seeds on it until one fails. */
async function hunt(name) {
  const sources = mkdtempSync(join(tmpdir(), 'grainlink-sabotage-'));
  // Inside dist, so that packages are found from there.
  const built = mkdtempSync(join(ROOT, 'dist', 'sabotage-'));
  try {
    const text = readFileSync(join(PATCHES, name), 'utf8');
    const files = [...text.matchAll(/^\+\+\+ b\/(.+)$/gm)].map(([, file]) => file);
    for (const file of files) cpSync(join(ROOT, file), join(sources, file), { recursive: true });
    try {
      execFileSync('git', ['apply', '--whitespace=nowarn', join(PATCHES, name)], { cwd: sources, stdio: 'pipe' });
    } catch (error) {
      return { found: false, line: `the patch does not apply any more: ${String(error.stderr).trim().split('\n')[0]}` };
    }
    for (const part of ['protos', 'firmware', 'emulator', 'host-driver']) cpSync(join(ROOT, 'dist', part), join(built, part), { recursive: true });
    for (const file of files) {
      const { outputText } = ts.transpileModule(readFileSync(join(sources, file), 'utf8'), { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } });
      writeFileSync(join(built, file.replace(/\.ts$/, '.js')), outputText);
    }
    return await simulate(join(built, 'emulator', 'cli', 'grainlink.js'));
  } finally {
    rmSync(sources, { recursive: true, force: true });
    rmSync(built, { recursive: true, force: true });
  }
}

function simulate(program) {
  const child = spawn(process.execPath, [program, 'simulate', '--seeds', SEEDS, '--jobs', '1', '--data-only', '--brief', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => { output += chunk; });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      try {
        const { error, failures = [], seeds } = JSON.parse(output);
        const [first] = failures;
        if (code === 3 && error.code === 'RULE_BROKEN' && first !== undefined) resolve({ found: true, line: `seed ${first.seed} after ${seeds}: ${first.message.slice(0, 110)}` });
        else resolve({ found: false, line: error === undefined ? `${seeds} seeds ended well` : error.detail });
      } catch {
        resolve({ found: false, line: `the simulator ended with ${code}` });
      }
    });
  });
}
