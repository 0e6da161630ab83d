import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '../../emulator/simulation/random.js';
import { Coverage } from './coverage.js';
import { Fuzzer } from './fuzzer.js';
import { encodeInput, readCorpus, writeCorpus, writeInput } from './input-file.js';
import { CURRENT_HEAD_BYTES, type Job, type Progress } from './job.js';
import type { Input, Target } from './target.js';
import { targetNamed } from './targets/index.js';

const REPORT_MS = 1_000;

/** The product's own modules, and what decodes messages for it; not the simulator's parts, nor this fuzzer. */
const isWatched = (url: string): boolean => /\/dist\/(?:protos|firmware|emulator|host-driver)\/(?!simulation\/)|\/node_modules\/@bufbuild\//.test(url);

function run(job: Job): void {
  const target = targetNamed(job.target);
  const random = new Random(job.seed);
  const below = (bound: number): number => random.below(bound);
  const coverage = new Coverage(isWatched);
  const begins = announce(job.current);
  const fuzzer = new Fuzzer(target, coverage, below, begins);
  fuzzer.add([...target.seeds(), ...readCorpus(target.name).map(({ input }) => input)]);
  const charactersAtStart = coverage.characters;

  const paths: { path: string; text: string }[] = [];
  const report = (done: boolean): void => {
    for (const { input, error } of fuzzer.found.slice(paths.length)) {
      paths.push({ path: writeInput(job.findings, input), text: error.stack ?? error.message });
    }
    const progress: Progress = {
      runs: fuzzer.runs,
      inputs: fuzzer.inputs.length,
      outcomes: fuzzer.outcomes,
      characters: coverage.characters,
      charactersAtStart,
      findings: paths,
      done,
    };
    parentPort?.postMessage(progress);
  };
  const endMs = performance.now() + job.forMs;
  for (let reportMs = 0; performance.now() < endMs;) {
    fuzzer.step();
    if (performance.now() < reportMs) continue;
    report(false);
    reportMs = performance.now() + REPORT_MS;
  }
  coverage.close();
  if (job.keep) writeCorpus(target.name, smallest(target, fuzzer.inputs, begins));
  report(true);
}

/** As few and as short inputs as show all that all of them show. */
function smallest(target: Target, inputs: readonly Input[], begins: (input: Input) => void): readonly Input[] {
  const coverage = new Coverage(isWatched);
  const fuzzer = new Fuzzer(target, coverage, () => 0, begins);
  fuzzer.add(inputs);
  coverage.close();
  return fuzzer.inputs;
}

/** Puts each input where the main thread finds it should this one not come back. */
function announce(current: SharedArrayBuffer): (input: Input) => void {
  const [count, length] = [new Int32Array(current, 0, 1), new Int32Array(current, 4, 1)];
  const memory = new Uint8Array(current, CURRENT_HEAD_BYTES);
  return (input) => {
    const bytes = encodeInput(input).subarray(0, memory.length);
    memory.set(bytes);
    length[0] = bytes.length;
    Atomics.add(count, 0, 1);
  };
}

run(workerData as Job);
