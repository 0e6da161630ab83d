import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const THIS_FILE = 'test/tidy.test.ts';
const MAX_FILE_LINES = 400;

/** What stands in no file but this one, and what to write instead. */
const BANNED: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\b(?:TODO|FIXME|XXX)\b/, 'do it now, or open an issue'],
  [/\b(?:describe|it|test)\.only\b/, 'the whole suite'],
  [/\bslave\b/i, 'secondary'],
  [/\bmaster\b/i, 'primary'],
  [/\b(?:white|black)list/i, 'what is allowed, what is refused'],
  [/\b(?:Flashcopy|Flash Copy)\b/, 'FlashCopy'],
  [/\bbit map\b/i, 'bitmap, or map'],
  [/\bout of sync\b/i, 'out-of-sync'],
  [/\b(?:LUNs?|logical drives?)\b/, 'volume'],
  [/(?:synchron|serial|initial|recogn|organ|minim|maxim|optim)is(?:e|ing|ation)/i, 'the spelling with z'],
  [/\bbehavior/i, 'behaviour'],
  [/\butiliz/i, 'use'],
  [/\bin order to\b/i, 'to'],
  [/\be\.g\.|\bi\.e\./, 'for example, that is'],
  [/(?:^|[\s'"`(])\/(?:work|home|root)\//, 'a path relative to the checkout, or of the temporary directory'],
];

const TEXT = /\.(?:c|cjs|h|js|json|md|mjs|mts|proto|svd|ts|yaml)$|^\.ci\/run$|^\.(?:editorconfig|gitattributes|gitignore|npmrc)$/;
const GENERATED = /^protos\/gen\/|^protos\/registers\/generated\/|^package-lock\.json$/;

const paths = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => TEXT.test(path) && !GENERATED.test(path) && existsSync(path));
const files = paths.map((path) => ({ path, lines: readFileSync(path, 'utf8').split('\n') }));
const sources = files.filter(({ path }) => /\.(?:ts|mts|mjs|proto)$/.test(path));

/** `path:line: what` for each line of `among` that `find` has something to say of. */
function findings(among: typeof files, find: (line: string, path: string) => string | undefined): string[] {
  return among.flatMap(({ path, lines }) => lines.flatMap((line, index) => {
    const what = find(line, path);
    return what === undefined ? [] : [`${path}:${String(index + 1)}: ${what}`];
  }));
}

describe('every file', () => {
  it('is found', () => {
    expect(files.length).toBeGreaterThan(200);
  });

  it.each(BANNED)('has no %s', (pattern, instead) => {
    expect(findings(files.filter(({ path }) => path !== THIS_FILE), (line) => {
      const found = pattern.exec(line);
      return found === null ? undefined : `instead of "${found[0].trim()}": ${instead}`;
    })).toEqual([]);
  });

  it('ends its lines cleanly', () => {
    expect(findings(files, (line) => (/[ \t\r]$/.test(line) ? 'blanks at the end' : undefined))).toEqual([]);
    expect(findings(files, (line) => (line.includes('\t') ? 'a tab' : undefined))).toEqual([]);
    expect(files.filter(({ lines }) => lines.at(-1) !== '').map(({ path }) => `${path} does not end with a line feed`)).toEqual([]);
  });
});

describe('every source file', () => {
  it(`has at most ${String(MAX_FILE_LINES)} lines: one thought a file`, () => {
    expect(sources.filter(({ lines }) => lines.length > MAX_FILE_LINES + 1).map(({ path, lines }) => `${path} has ${String(lines.length)}`)).toEqual([]);
  });

  it('names relative imports by the file that runs', () => {
    const relative = /(?:from|import|import\() ?'(\.{1,2}\/[^']*)'/;
    expect(findings(sources, (line) => {
      const target = relative.exec(line)?.[1];
      return target === undefined || /\.(?:js|mjs|cjs)$/.test(target) ? undefined : `ends "${target}" without .js`;
    })).toEqual([]);
  });

  it('says why where it switches a lint rule off', () => {
    expect(findings(sources.filter(({ path }) => path !== THIS_FILE), (line) => {
      const explained = /eslint-disable\S* .+ -- \S/;
      return line.includes('eslint-disable') && !explained.test(line) ? 'write `-- why` behind the rule' : undefined;
    })).toEqual([]);
  });
});

describe('limits', () => {
  it.each(files.filter(({ path }) => path.endsWith('/limits.ts')).map(({ path, lines }) => [path, lines] as const))('in %s have a comment each, or one together', (path, lines) => {
    const bare = lines.flatMap((line, index) => {
      if (!line.startsWith('export const ')) return [];
      // Limits that stand together share the comment above the first.
      let above = index - 1;
      while (lines[above]?.startsWith('export const ') === true) above -= 1;
      return lines[above]?.trimEnd().endsWith('*/') === true ? [] : [`${path}:${String(index + 1)}: ${line}`];
    });
    expect(bare).toEqual([]);
  });
});

describe('status codes', () => {
  const codes = files.filter(({ path }) => path.endsWith('/common.proto'))
    .flatMap(({ lines }) => lines.map((line) => /^ {2}STATUS_(\w+) = [1-9]/.exec(line)?.[1] ?? ''))
    .filter((name) => name !== '');
  const textOf = (folder: RegExp): string => sources.filter(({ path }) => folder.test(path)).map(({ lines }) => lines.join('\n')).join('\n');

  it('that the product gives are each expected by a test', () => {
    const [product, tests] = [textOf(/^(?:firmware|emulator|host-driver)\//), textOf(/^test\//)];
    const given = codes.filter((name) => new RegExp(`\\bStatus\\.${name}\\b`).test(product));
    expect(given.length).toBeGreaterThan(50);
    expect(given.filter((name) => !new RegExp(`(?:Status\\.|['"])${name}\\b`).test(tests))).toEqual([]);
  });
});

describe('documentation', () => {
  const link = /\]\((?!https?:|#|mailto:)([^)#\s]+)/g;

  it('links to files that exist', () => {
    const documents = files.filter(({ path }) => path.endsWith('.md'));
    expect(findings(documents, (line, path) => {
      const broken = [...line.matchAll(link)].map((match) => match[1] ?? '').find((target) => !existsSync(join(dirname(path), target)));
      return broken === undefined ? undefined : `leads nowhere: ${broken}`;
    })).toEqual([]);
  });
});

interface LockedPackage {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

describe('the lock file', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, LockedPackage> };

  it('names no registry', () => {
    expect(Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  it('names the binaries for every platform, or `npm ci` refuses it', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages)));
    expect(missing).toEqual([]);
  });
});

describe('.ci/run', () => {
  it('can be run', () => {
    expect(statSync('.ci/run').mode & 0o111).not.toBe(0);
  });
});

describe('the sabotages', () => {
  it('are those that docs/invariants.md names', () => {
    const patches = readdirSync('test/sabotage').filter((name) => name.endsWith('.patch')).map((name) => name.slice(0, -'.patch'.length));
    const named = readFileSync('docs/invariants.md', 'utf8').match(/`\d\d-[a-z0-9-]+`/g)?.map((name) => name.slice(1, -1)) ?? [];
    expect(named.sort()).toEqual(patches.sort());
  });

  it('apply to the code as it is', () => {
    const paths = readdirSync('test/sabotage').filter((name) => name.endsWith('.patch')).map((name) => `test/sabotage/${name}`);
    const refused = paths.map((path) => spawnSync('git', ['apply', '--check', path], { encoding: 'utf8' }).stderr).filter((errors) => errors !== '');
    expect(refused).toEqual([]);
  });
});
