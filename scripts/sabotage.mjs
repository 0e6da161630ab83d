// Shows that every rule is needed, and that its loss is noticed: builds the firmware with one rule left out at a
// time, and has the simulator find it, by wrong data alone. `npm run sabotage [names…]`; build first.
import { spawn, execFileSync } from 'node:child_process';
import { cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const PATCHES = join(ROOT, 'test', 'sabotage');
/** Seeds within which each has to be found. The firmware as it is passes them all: CI runs them too. */
const SEEDS = { first: 1, last: 2000 };
/** A patch may name the seed that found it: it is tried before the others. */
const FINDER = /^Seed (\d+) finds it\.$/m;

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
    const patched = new Map(files.map((file) => [file.replace(/\.ts$/, '.js'), transpiled(join(sources, file))]));
    for (const program of programs()) {
      mkdirSync(dirname(join(built, program)), { recursive: true });
      const text = patched.get(program);
      if (text === undefined) linkSync(join(ROOT, 'dist', program), join(built, program));
      else writeFileSync(join(built, program), text);
    }
    const program = join(built, 'emulator', 'cli', 'grainlink.js');
    const finder = Number(FINDER.exec(text)?.[1] ?? 0);
    if (finder < SEEDS.first || finder > SEEDS.last) return await simulate(program, SEEDS);
    const known = await simulate(program, { first: finder, last: finder });
    if (known.found) return known;
    const { found, line } = await simulate(program, SEEDS);
    return { found, line: `no longer by seed ${finder}; ${line}` };
  } finally {
    rmSync(sources, { recursive: true, force: true });
    rmSync(built, { recursive: true, force: true });
  }
}

/** What is built of the simulator, by its path in dist. */
function programs() {
  const parts = ['protos', 'firmware', 'emulator', 'host-driver'];
  return parts.flatMap((part) => readdirSync(join(ROOT, 'dist', part), { recursive: true }).filter((name) => name.endsWith('.js')).map((name) => join(part, name)));
}

function transpiled(file) {
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } });
  return outputText;
}

function simulate(program, { first, last }) {
  const child = spawn(process.execPath, [program, 'simulate', '--seeds', `${first}..${last}`, '--jobs', '1', '--data-only', '--brief', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => { output += chunk; });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      try {
        const { error, failures = [], seeds } = JSON.parse(output);
        const [failure] = failures;
        if (code === 3 && error.code === 'RULE_BROKEN' && failure !== undefined) resolve({ found: true, line: `seed ${failure.seed}: ${failure.message.slice(0, 110)}` });
        else resolve({ found: false, line: error === undefined ? `${seeds} seeds ended well` : error.detail });
      } catch {
        resolve({ found: false, line: `the simulator ended with ${code}` });
      }
    });
  });
}
