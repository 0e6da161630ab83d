import { readFile, rename, writeFile } from 'node:fs/promises';
import { whileLocked } from '../../parts/file-lock.js';
import { addCounts } from '../../simulation/marks.js';
import { LocalFileError, UsageError } from '../errors.js';

const VERSION = 1;

/** Which seeds, and how they were run. */
interface Range {
  readonly first: number;
  readonly last: number;
  readonly faults: string;
  readonly judge: string;
}

/** One run of the simulation. */
interface Entry extends Range {
  /** As many as were run: a run ends at the first that fails, unless it keeps going. */
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
 * @throws UsageError when seeds of it are there already: they would count twice.
 */
export async function checkResults(path: string, range: Range): Promise<void> {
  const runs = await locked(path, () => readRuns(path));
  const twice = runs.find((run) => isWhole(run) && run.faults === range.faults && run.judge === range.judge && run.first <= range.last && range.first <= run.last);
  if (twice !== undefined) throw new UsageError(`--results: ${path} holds seeds ${String(twice.first)}..${String(twice.last)} already, which would count twice. Run others, or name another file.`);
}

/**
 * Adds a run to a file of results, and makes the sums anew. Others may do so at the same time.
 * @returns how often things were reached in all runs of the file.
 * @throws LocalFileError
 */
export async function addToResults(path: string, entry: Entry): Promise<Readonly<Record<string, number>>> {
  return locked(path, async () => writeRuns(path, [...(await readRuns(path)), entry]));
}

function isWhole({ first, last, seeds }: Entry): boolean {
  return seeds === last - first + 1;
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
  const { seeds, failedSeeds, events, simulatedHours, seconds, marks } = run as Partial<Entry>;
  const counts = typeof marks === 'object' && (marks as object | null) !== null ? Object.values(marks) : [undefined];
  return Array.isArray(failedSeeds) && [seeds, events, simulatedHours, seconds, ...counts].every((count) => typeof count === 'number');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
