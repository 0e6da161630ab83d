import { readFile, rename, writeFile } from 'node:fs/promises';
import { whileLocked } from '../../parts/file-lock.js';
import { addCounts } from '../../simulation/marks.js';
import { LocalFileError, UsageError } from '../errors.js';

/** 2: which seeds were run, and by which build. */
const VERSION = 2;

/** Seeds from one to another, both of them too. */
export type SeedSpan = readonly [first: number, last: number];

/** How seeds are run. */
export interface Conditions {
  readonly faults: string;
  readonly judge: string;
  /** Of firmware and simulator. */
  readonly build: string;
}

/** One run of the simulation. */
interface Entry extends Conditions {
  /** Those that were run to their end, ascending: a run ends at the first that fails unless it keeps going, or is interrupted. */
  readonly spans: readonly SeedSpan[];
  readonly seeds: number;
  readonly failedSeeds: readonly number[];
  readonly events: number;
  readonly simulatedHours: number;
  readonly seconds: number;
  readonly marks: Readonly<Record<string, number>>;
}

interface Results {
  readonly version: number;
  readonly seeds: number;
  readonly failedSeeds: number;
  readonly events: number;
  readonly simulatedHours: number;
  readonly seconds: number;
  readonly marks: Readonly<Record<string, number>>;
  readonly runs: readonly Entry[];
}

/**
 * Before a run, so that hours of it do not end at a file that cannot be added to.
 * @throws LocalFileError
 * @throws UsageError when seeds of it are there already, which would count twice; or what another build has shown.
 */
export async function checkResults(path: string, [first, last]: SeedSpan, conditions: Conditions): Promise<void> {
  const runs = await locked(path, () => readRuns(path));
  if (runs.some(({ build }) => build !== conditions.build)) throw new UsageError(`--results: ${path} holds what another build has shown, which says nothing of this one. Name another file.`);
  const twice = runs
    .filter(({ faults, judge }) => faults === conditions.faults && judge === conditions.judge)
    .flatMap(({ spans }) => spans)
    .find(([from, to]) => from <= last && first <= to);
  if (twice !== undefined) throw new UsageError(`--results: ${path} holds seeds ${String(twice[0])}..${String(twice[1])} already, which would count twice. Run others, or name another file.`);
}

/** Seeds in any order, as spans. */
export function spansOf(seeds: readonly number[]): SeedSpan[] {
  const spans: [number, number][] = [];
  for (const seed of [...seeds].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last?.[1] === seed - 1) last[1] = seed;
    else spans.push([seed, seed]);
  }
  return spans;
}

/**
 * Adds a run to a file of results, and makes the sums anew. Others may do so at the same time.
 * @returns how often things were reached in all runs of the file.
 * @throws LocalFileError
 */
export async function addToResults(path: string, entry: Entry): Promise<Readonly<Record<string, number>>> {
  return locked(path, async () => writeRuns(path, [...(await readRuns(path)), entry]));
}

async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await whileLocked(`${path}.lock`, work);
  } catch (error) {
    throw error instanceof LocalFileError ? error : new LocalFileError(path, 'written', reasonOf(error));
  }
}

async function writeRuns(path: string, runs: readonly Entry[]): Promise<Readonly<Record<string, number>>> {
  const sum = (of: (run: Entry) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const marks = new Map<string, number>();
  for (const run of runs) addCounts(marks, run.marks);
  const results: Results = {
    version: VERSION,
    seeds: sum((run) => run.seeds),
    failedSeeds: sum((run) => run.failedSeeds.length),
    events: sum((run) => run.events),
    simulatedHours: sum((run) => run.simulatedHours),
    seconds: sum((run) => run.seconds),
    marks: Object.fromEntries(marks),
    runs,
  };
  try {
    // Never half a file in the place of a whole one.
    await writeFile(`${path}.new`, `${JSON.stringify(results, null, 2)}\n`);
    await rename(`${path}.new`, path);
    return results.marks;
  } catch (error) {
    throw new LocalFileError(path, 'written', reasonOf(error));
  }
}

async function readRuns(path: string): Promise<readonly Entry[]> {
  try {
    const results = JSON.parse(await readFile(path, 'utf8')) as Partial<Results> | null;
    const runs: unknown = results?.version === VERSION ? results.runs : undefined;
    if (!Array.isArray(runs) || !runs.every(isEntry)) throw new Error(`it does not hold results of version ${String(VERSION)}`);
    return runs;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new LocalFileError(path, 'read', reasonOf(error));
  }
}

/** As far as the sums are made of it. */
function isEntry(run: unknown): run is Entry {
  if (typeof run !== 'object' || run === null) return false;
  const { spans, build, seeds, failedSeeds, events, simulatedHours, seconds, marks } = run as Partial<Entry>;
  const counts = typeof marks === 'object' && (marks as object | null) !== null ? Object.values(marks) : [undefined];
  return Array.isArray(failedSeeds) && Array.isArray(spans) && spans.every(isSpan) && typeof build === 'string' && [seeds, events, simulatedHours, seconds, ...counts].every(isCount);
}

function isSpan(span: unknown): boolean {
  return Array.isArray(span) && span.length === 2 && span.every(Number.isSafeInteger);
}

function isCount(count: unknown): boolean {
  return typeof count === 'number' && Number.isFinite(count) && count >= 0;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
