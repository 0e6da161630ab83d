import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const config = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as IFlattenedRuleSet & { options: ICruiseOptions };

/** Imports that each break one rule: who imports whom. */
const REFUSED: readonly (readonly [rule: string, from: string, to: string])[] = [
  ['protos-alone', 'protos/a1.ts', 'firmware/target.ts'],
  ['protos-alone', 'protos/a2.ts', 'host-driver/target.ts'],
  ['protos-alone', 'protos/a3.ts', 'node:fs'],
  ['firmware-pure', 'firmware/a1.ts', 'emulator/target.ts'],
  ['firmware-pure', 'firmware/a2.ts', 'host-driver/target.ts'],
  ['firmware-pure', 'firmware/a3.ts', 'node:fs'],
  ['firmware-pure', 'firmware/a4.ts', 'serialport'],
  ['host-driver-apart', 'host-driver/a1.ts', 'firmware/target.ts'],
  ['host-driver-apart', 'host-driver/a2.ts', 'emulator/target.ts'],
  ['emulator-below-cli', 'emulator/a1.ts', 'host-driver/target.ts'],
  ['emulator-below-cli', 'emulator/a2.ts', 'emulator/cli/target.ts'],
  ['parts-know-no-board', 'emulator/parts/a1.ts', 'emulator/target.ts'],
  ['parts-know-no-board', 'emulator/parts/a2.ts', 'firmware/kernel/target.ts'],
  ['nothing-imports-tests', 'bench/a1.ts', 'test/target.ts'],
  ['nothing-imports-bench', 'emulator/cli/a1.ts', 'bench/target.ts'],
  ['firmware-kernel', 'firmware/kernel/a1.ts', 'firmware/metadata/target.ts'],
  ['firmware-registers', 'firmware/registers/a1.ts', 'firmware/remote-copy/target.ts'],
  ['firmware-queues', 'firmware/queues/a1.ts', 'firmware/commands/target.ts'],
  ['firmware-metadata', 'firmware/metadata/a1.ts', 'firmware/remote-copy/target.ts'],
  ['firmware-flash-copy', 'firmware/flash-copy/a1.ts', 'firmware/medium/target.ts'],
  ['firmware-host-port', 'firmware/host-port/a1.ts', 'firmware/remote-copy/target.ts'],
  ['serialport-when-needed', 'host-driver/a3.ts', 'serialport'],
  ['not-to-unresolvable', 'emulator/a3.ts', 'not-installed'],
  ['no-circular', 'emulator/circle-a.ts', 'emulator/circle-b.ts'],
];

const ALLOWED: readonly (readonly [from: string, to: string])[] = [
  ['firmware/b1.ts', 'protos/target.ts'],
  ['emulator/b1.ts', 'firmware/target.ts'],
  ['emulator/b2.ts', 'node:fs'],
  ['host-driver/b1.ts', 'protos/target.ts'],
  ['emulator/cli/b1.ts', 'host-driver/target.ts'],
  ['emulator/cli/b2.ts', 'firmware/target.ts'],
  ['bench/b1.ts', 'emulator/cli/target.ts'],
  ['test/b1.ts', 'bench/target.ts'],
];

const UP = '../../../';

/** A tree beside this one that breaks every rule, and what comes of it. */
async function cruiseScratchTree(directory: string): Promise<ICruiseResult> {
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  put('package.json', JSON.stringify({ name: 'scratch', type: 'module', dependencies: { serialport: '*' } }));
  put('node_modules/serialport/package.json', JSON.stringify({ name: 'serialport', main: 'index.js' }));
  put('node_modules/serialport/index.js', '');
  const edges = [...REFUSED.map(([, from, to]) => [from, to] as const), ...ALLOWED];
  for (const [from, to] of edges) {
    const isFile = to.endsWith('.ts');
    if (isFile) put(to, 'export const target = 1;\n');
    const up = UP.slice(0, 3 * (from.split('/').length - 1));
    put(from, `import '${isFile ? `${up}${to.replace(/ts$/, 'js')}` : to}';\n`);
  }
  put('emulator/circle-b.ts', "import './circle-a.js';\n");
  const { output } = await cruise(['.'], { ...config.options, baseDir: directory, validate: true, ruleSet: config });
  if (typeof output === 'string') throw new Error('expected a result, not a report');
  return output;
}

describe('the layers', { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'grainlink-layers-'));
  let violations: { rule: string; from: string }[] = [];

  beforeAll(async () => {
    const result = await cruiseScratchTree(directory);
    violations = result.summary.violations.map(({ rule, from }) => ({ rule: rule.name, from }));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it.each(REFUSED)('refuse by %s that %s imports %s', (rule, from) => {
    expect(violations).toContainEqual({ rule, from });
  });

  it.each(ALLOWED)('let %s import %s', (from) => {
    expect(violations.filter((violation) => violation.from === from)).toEqual([]);
  });

  it('give each folder of the firmware its rule', () => {
    const folders = readdirSync('firmware', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const rules = config.forbidden?.map((rule) => rule.name);
    expect(rules).toEqual(expect.arrayContaining(folders.map(({ name }) => `firmware-${name}`)));
  });
});
