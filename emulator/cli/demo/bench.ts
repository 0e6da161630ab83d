import { rmSync } from 'node:fs';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionLostError } from '../../../host-driver/index.js';
import { LocalFileError } from '../errors.js';
import { formatBytes } from '../sizes.js';
import { type CardProcess, startCard } from './card-process.js';
import { type ChildProgram, startProgram } from './child-program.js';
import { type Ending, endingOf } from './ending.js';
import { PROCESS_END_MS } from './settings.js';

/** Where the demo happens: a temporary directory, and processes in it. */
export interface Bench extends Pick<Ending, 'breathe' | 'sleep'> {
  readonly directory: string;
  startCard(name: string, directory: string): Promise<CardProcess>;
  /** Runs `grainlink` with these arguments to its end. */
  runProgram(args: readonly string[]): Promise<{ exitCode: number | null; output: string }>;
  /** Ends the demo with an error that came up aside. */
  readonly fail: (error: unknown) => void;
}

/** Repeated, since a process that was just killed may still be letting go of its files. */
const REMOVAL = { recursive: true, force: true, maxRetries: 5 } as const;

/**
 * Runs `work` on a new bench. However that ends, by Ctrl-C as well, no process and no file is left.
 * @param neededBytes room on the disk that the work takes.
 * @throws InterruptedError; RefusedError when a card's process ended by itself; and what the work throws.
 */
export async function onBench<T>(interrupt: AbortSignal, neededBytes: number, work: (bench: Bench) => Promise<T>): Promise<T> {
  const ending = endingOf(interrupt);
  const directory = await mkdtemp(join(tmpdir(), 'grainlink-demo-'));
  // The program may also end at once, as when nobody reads its output any more.
  const processes = new ProcessSet();
  const atExit = (): void => {
    void processes.kill(); // The signals are sent before it returns.
    rmSync(directory, REMOVAL);
  };
  process.on('exit', atExit);
  const cardEnded = failure();
  const aside = failure();
  let working: Promise<T> | undefined;
  try {
    await mustHaveRoom(directory, neededBytes);
    working = work({
      directory,
      breathe: ending.breathe,
      sleep: ending.sleep,
      startCard: async (name, cardDirectory) => {
        await ending.breathe();
        const card = processes.add(await startCard(name, cardDirectory));
        card.failed.catch(cardEnded.reject);
        await ending.breathe();
        return card;
      },
      runProgram: async (args) => {
        const program = startProgram(args);
        processes.add({ kill: () => killProgram(program) });
        return outputOf(program);
      },
      fail: aside.reject,
    });
    return await Promise.race([working, ending.happened, cardEnded.promise, aside.promise]);
  } catch (error) {
    // A card that ends by itself is noticed by its lost connection first, but its log says why.
    if (error instanceof ConnectionLostError) await Promise.race([cardEnded.promise, ending.happened, delay(PROCESS_END_MS)]);
    throw error;
  } finally {
    ending.begin();
    await processes.kill();
    // Without cards the work ends soon; it must not make files any more while they are removed.
    await working?.catch(() => undefined);
    await processes.kill();
    await rm(directory, REMOVAL);
    process.off('exit', atExit);
    ending.dispose();
  }
}

/** What was started on the bench. */
class ProcessSet {
  readonly #processes: { kill(): Promise<void> }[] = [];

  add<P extends { kill(): Promise<void> }>(started: P): P {
    this.#processes.push(started);
    return started;
  }

  async kill(): Promise<void> {
    await Promise.all(this.#processes.map((each) => each.kill()));
  }
}

/** Something that may go wrong at any time. */
function failure(): { promise: Promise<never>; reject: (error: unknown) => void } {
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<never>((_resolve, rejectIt) => { reject = rejectIt; });
  promise.catch(() => undefined); // It may come while nobody waits.
  return { promise, reject };
}

async function killProgram(program: ChildProgram): Promise<void> {
  program.kill('SIGKILL');
  await program.ended;
}

async function outputOf(program: ChildProgram): Promise<{ exitCode: number | null; output: string }> {
  const lines: string[] = [];
  for (let line = await program.nextLine(); line !== undefined; line = await program.nextLine()) lines.push(line);
  const { exitCode } = await program.ended;
  return { exitCode, output: lines.join('\n') || program.log() };
}

async function mustHaveRoom(directory: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  throw new LocalFileError(
    directory,
    'written',
    `the demo takes ${formatBytes(neededBytes)} for a while, and ${formatBytes(freeBytes)} are free there; give a smaller --size, or set TMPDIR to a directory with more room`,
  );
}
