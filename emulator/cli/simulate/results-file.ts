import { readFile, rename, writeFile } from 'node:fs/promises';
import { whileLocked } from '../../parts/file-lock.js';
import { LocalFileError, UsageError } from '../errors.js';
import { addUp, type Conditions, type Entry, mustAddTo, type Results, RESULTS_VERSION, type SeedSpan } from './results.js';

/**
 * Before a run, so that hours of it do not end at a file that cannot be added to.
 * @throws LocalFileError
 * @throws UsageError as {@link mustAddTo} does.
 */
export async function checkResults(path: string, span: SeedSpan, conditions: Conditions): Promise<void> {
  mustAddTo(path, await locked(path, () => readRuns(path)), span, conditions);
}

/**
 * Adds a run to a file of results, and makes the sums anew. Others may do so at the same time.
 * @returns how often things were reached in all runs of the file.
 * @throws LocalFileError
 * @throws UsageError as {@link mustAddTo} does, where another run has added the same seeds meanwhile.
 */
export async function addToResults(path: string, entry: Entry): Promise<Readonly<Record<string, number>>> {
  return locked(path, async () => {
    const runs = await readRuns(path);
    for (const span of entry.spans) mustAddTo(path, runs, span, entry);
    return writeResults(path, addUp([...runs, entry]));
  });
}

async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await whileLocked(`${path}.lock`, work);
  } catch (error) {
    throw error instanceof LocalFileError || error instanceof UsageError ? error : new LocalFileError(path, 'written', reasonOf(error));
  }
}

async function writeResults(path: string, results: Results): Promise<Readonly<Record<string, number>>> {
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
    const runs: unknown = results?.version === RESULTS_VERSION ? results.runs : undefined;
    if (!Array.isArray(runs) || !runs.every(isEntry)) throw new Error(`it does not hold results of version ${String(RESULTS_VERSION)}`);
    return runs;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new LocalFileError(path, 'read', reasonOf(error));
  }
}

/** As far as the sums are made of it. */
function isEntry(run: unknown): run is Entry {
  if (typeof run !== 'object' || run === null) return false;
  const { spans, firmware, simulator, seeds, failedSeeds, events, simulatedHours, seconds, marks } = run as Partial<Entry>;
  const counts = typeof marks === 'object' && (marks as object | null) !== null ? Object.values(marks) : [undefined];
  const builds = [firmware, simulator].every((build) => typeof build === 'string');
  return builds && Array.isArray(failedSeeds) && Array.isArray(spans) && spans.every(isSpan) && [seeds, events, simulatedHours, seconds, ...counts].every(isCount);
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
