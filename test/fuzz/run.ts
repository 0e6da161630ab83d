import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { decodeInput, readInput, writeInput } from './input-file.js';
import { runInput } from './run-input.js';
import { targetNamed, TARGET_NAMES } from './targets/index.js';
import { CURRENT_HEAD_BYTES, type Job, type Progress } from './job.js';

/** Where findings go, in the directory of the checkout; git does not see it. */
const FINDINGS = 'fuzz-findings';
const DEFAULT_MINUTES = 1;
/** An input that runs for so long hangs, on however busy a machine. */
const HANG_MS = 30_000;
/** Room for the longest input. */
const CURRENT_BYTES = 5 * 2 ** 20;
const MAX_HEAP_MIB = 1024;
const MS_PER_MINUTE = 60_000;

const USAGE = `npm run fuzz -- [TARGET…] [--minutes M] [--seed N] [--keep]
npm run fuzz -- TARGET --replay FILE

Fuzzes each target for M minutes (${String(DEFAULT_MINUTES)}). --keep makes what was worth keeping the corpus.
Targets: ${TARGET_NAMES.join(', ')}`;

/** @returns the number of findings. */
async function fuzz(job: Job): Promise<number> {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: job, resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB } });
  const ended = new Promise<Error | undefined>((resolve) => {
    worker.on('error', resolve);
    worker.on('exit', () => { resolve(undefined); });
  });
  let last: Progress | undefined;
  let shownMs = 0;
  worker.on('message', (progress: Progress) => {
    last = progress;
    if (progress.done || performance.now() - shownMs > 10_000) {
      shownMs = performance.now();
      show(job.target, progress);
    }
  });
  const watch = watchForHang(job, () => void worker.terminate());
  const error = await ended;
  clearInterval(watch.timer);
  for (const { path, text } of last?.findings ?? []) showFinding(job.target, path, text);
  if (last?.done === true) return last.findings.length;
  const path = writeInput(job.findings, currentInput(job));
  showFinding(job.target, path, error === undefined ? `it does not come back within ${String(HANG_MS)} ms` : String(error));
  return (last?.findings.length ?? 0) + 1;
}

function watchForHang({ current }: Job, hangs: () => void): { readonly timer: NodeJS.Timeout } {
  const count = new Int32Array(current, 0, 1);
  let seen = -1;
  let sinceMs = performance.now();
  const timer = setInterval(() => {
    const now = Atomics.load(count, 0);
    if (now !== seen) {
      seen = now;
      sinceMs = performance.now();
    } else if (performance.now() - sinceMs > HANG_MS) {
      hangs();
    }
  }, 1_000);
  return { timer };
}

function currentInput({ current }: Job): ReturnType<typeof decodeInput> {
  const [lengthBytes = 0] = new Int32Array(current, 4, 1);
  return decodeInput(new Uint8Array(current, CURRENT_HEAD_BYTES, lengthBytes).slice());
}

function show(target: string, { runs, inputs, outcomes, characters, charactersAtStart, findings }: Progress): void {
  console.log(
    `${target}: ${String(runs)} runs, ${String(inputs)} inputs kept, ${String(outcomes.length)} outcomes, ` +
    `${String(characters)} characters of code run (${String(charactersAtStart)} at the start), ${String(findings.length)} findings`,
  );
}

function showFinding(target: string, path: string, text: string): void {
  console.error(`${target}: ${text}\n  again: npm run fuzz -- ${target} --replay ${path}`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { minutes: { type: 'string' }, seed: { type: 'string' }, keep: { type: 'boolean' }, replay: { type: 'string' }, help: { type: 'boolean' } },
  });
  const minutes = Number(values.minutes ?? DEFAULT_MINUTES);
  const seed = Number(values.seed ?? Date.now() % 2 ** 32);
  if (values.help === true || !(minutes > 0) || !Number.isSafeInteger(seed)) {
    console.log(USAGE);
    process.exitCode = values.help === true ? 0 : 2;
    return;
  }
  const names = positionals.length > 0 ? positionals : TARGET_NAMES;
  for (const name of names) targetNamed(name);
  if (values.replay !== undefined) {
    console.log(runInput(targetNamed(names[0] ?? ''), readInput(values.replay)));
    return;
  }
  let findings = 0;
  for (const target of names) {
    findings += await fuzz({
      target, seed, forMs: minutes * MS_PER_MINUTE, keep: values.keep === true, findings: FINDINGS, current: new SharedArrayBuffer(CURRENT_HEAD_BYTES + CURRENT_BYTES),
    });
  }
  if (findings > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  const isUsage = error instanceof RangeError || (error instanceof TypeError && 'code' in error);
  console.error(isUsage ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = isUsage ? 2 : 1;
}
