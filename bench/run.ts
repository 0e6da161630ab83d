import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { benchMedium } from './medium.js';
import { benchMemory } from './memory.js';
import { isMet, type Section, text } from './report.js';
import { benchSmallWrites } from './small-writes.js';
import { benchSynchronization } from './synchronization.js';

const benches: Readonly<Record<string, (directory: string) => Promise<Section>>> = {
  medium: benchMedium,
  synchronization: benchSynchronization,
  writes: benchSmallWrites,
  memory: benchMemory,
};

const program = new Command('bench')
  .description('Measures the pair beside its peers, in one run. See bench/README.md.')
  .argument('[names...]', `which: ${Object.keys(benches).join(', ')}`, Object.keys(benches))
  .option('--json', 'one JSON document on stdout')
  .parse();
const { json } = program.opts<{ json?: boolean }>();
const [busy] = loadavg();
if (busy !== undefined && busy > 0.5) process.stderr.write(`The machine is not idle (load ${busy.toFixed(1)}): ratios may hold, absolute figures will not.\n`);

const sections: Section[] = [];
for (const name of program.processedArgs[0] as string[]) {
  const bench = benches[name] ?? program.error(`There is no bench "${name}"; there are ${Object.keys(benches).join(', ')}.`, { exitCode: 2 });
  const directory = await mkdtemp(join(tmpdir(), 'grainlink-bench-'));
  try {
    const section = await bench(directory);
    sections.push(section);
    if (json !== true) process.stdout.write(`${text(section)}\n`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
if (json === true) process.stdout.write(`${JSON.stringify(sections.map(({ title, lines }) => ({ title, lines: lines.map((line) => ({ ...line, met: isMet(line) })) })), null, 2)}\n`);
