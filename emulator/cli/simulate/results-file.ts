import { readFile, rename, writeFile } from 'node:fs/promises';
import { addCounts } from '../../simulation/marks.js';
import { LocalFileError } from '../errors.js';

const VERSION = 1;

/** One run of the simulation. */
interface Entry {
  readonly first: number;
  readonly last: number;
  readonly faults: string;
  readonly judge: string;
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

/** Adds a run to a file of results, and makes the sums anew. @throws LocalFileError */
export async function addToResults(path: string, entry: Entry): Promise<void> {
  const runs = [...(await readRuns(path)), entry];
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
  } catch (error) {
    throw new LocalFileError(path, 'written', error instanceof Error ? error.message : String(error));
  }
}

async function readRuns(path: string): Promise<readonly Entry[]> {
  try {
    const { version, runs } = JSON.parse(await readFile(path, 'utf8')) as Partial<Results>;
    if (version !== VERSION || !Array.isArray(runs)) throw new Error(`it does not hold results of version ${String(VERSION)}`);
    // Only this program writes the file: of what version it is says what its runs are.
    return runs as readonly Entry[];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new LocalFileError(path, 'read', error instanceof Error ? error.message : String(error));
  }
}
