import { missedMarks } from '../../simulation/required-marks.js';
import type { Judge } from '../../simulation/rules.js';
import type { SeedResult } from '../../simulation/run-seed.js';
import { InterruptedError, RefusedError, UsageError } from '../errors.js';
import { startProgress } from '../progress.js';
import type { Report } from '../report.js';
import type { Run } from '../verb.js';
import { buildIds } from './build-id.js';
import type { Explanation } from './explain-failure.js';
import type { ExplainSetup } from './messages.js';
import type { SimulateOptions } from './options.js';
import { spansOf } from './results.js';
import { addToResults, checkResults } from './results-file.js';
import { runSeeds } from './run-seeds.js';
import { Tally } from './tally.js';
import { writeTrace } from './trace-file.js';
import { runPool } from './worker-pool.js';

/** Failed seeds that a run names; the rest are counted. */
const MOST_NAMED = 20;

export async function simulateSeeds(options: SimulateOptions, run: Run): Promise<Report> {
  const { seeds, faults, jobs, trace, results } = options;
  const judge: Judge = options.dataOnly === true ? 'data' : 'rules';
  const conditions = { faults: faults.text, judge, ...buildIds() };
  if (results !== undefined) await checkResults(results, [seeds.first, seeds.last], conditions);
  if (trace !== undefined) {
    if (seeds.first !== seeds.last) throw new UsageError('--trace is for one seed: give --seeds one number.');
    await writeTrace(trace, { seed: seeds.first, faults: faults.options, judge });
  }
  const tally = new Tally(run.world.nowMs());
  const progress = startProgress(run, 'simulate');
  const failed: SeedResult[] = [];
  const failedSeeds: number[] = [];
  const ended: number[] = [];
  /** Adds what has ended to the file. @returns how often things were reached, there or in this run alone */
  const kept = async (summary: ReturnType<Tally['summary']>): Promise<Readonly<Record<string, number>>> => {
    return results === undefined || ended.length === 0 ? summary.marks : addToResults(results, { ...conditions, spans: spansOf(ended), ...summary, failedSeeds });
  };
  try {
    await runSeeds({
      seeds, jobs, judge,
      faults: faults.options,
      interrupt: run.world.interrupt,
      onResult: (result) => {
        tally.add(result);
        ended.push(result.seed);
        if (result.failure !== undefined) failedSeeds.push(result.seed);
        if (result.failure !== undefined && failed.length < MOST_NAMED) failed.push(result);
        progress.update(tally.seeds, seeds.last - seeds.first + 1);
        return result.failure === undefined || options.keepGoing === true;
      },
    });
  } catch (error) {
    // A thread has died, for want of memory perhaps: what had ended has ended.
    await kept(tally.summary(run.world.nowMs()));
    throw error;
  } finally {
    progress.end();
  }
  const summary = tally.summary(run.world.nowMs());
  const reached = await kept(summary);
  if (run.world.interrupt.aborted) throw new InterruptedError(interruptHint(summary.seeds, results));
  const [first] = failed;
  if (first === undefined) {
    const report: Report = { json: { ...summary, failures: [] }, text: tally.text(run.world.nowMs()) };
    const times = options.requireMarks;
    const missed = times === undefined ? [] : missedMarks(reached, times);
    if (missed.length === 0) return report;
    const often = times === 1 ? '' : ` ${String(times)} times`;
    throw new RefusedError('NOT_REACHED', `The seeds have not reached all that a long run has to reach${often}.`, missed.join('; '), report);
  }
  const again = `--seeds ${String(first.seed)} --faults ${faults.text}${judge === 'data' ? ' --data-only' : ''}`;
  const explained = await explain({ faults: faults.options, judge, result: first, telling: { shortens: options.brief !== true, again } }, run.world.interrupt);
  const json = { ...summary, failures: failed.map(({ seed, failure }) => ({ seed, rule: failure?.rule ?? null, message: failure?.message })), first: explained.json };
  throw new RefusedError('RULE_BROKEN', `Seed ${String(first.seed)} breaks ${explained.what}.`, first.failure?.message ?? '', { json, text: tally.text(run.world.nowMs()) + explained.text });
}

/** In a thread of its own, so that Ctrl-C ends it. @throws InterruptedError */
async function explain(setup: ExplainSetup, interrupt: AbortSignal): Promise<Explanation> {
  const told: Explanation[] = [];
  await runPool<undefined, Explanation>({
    program: new URL('./explain-worker.js', import.meta.url),
    setup,
    jobs: 1,
    take: () => undefined,
    onAnswer: (explanation) => { told.push(explanation); },
    interrupt,
  });
  const [explanation] = told;
  if (explanation === undefined) throw new InterruptedError(`Seed ${String(setup.result.seed)} failed: ${setup.result.failure?.message ?? ''}`);
  return explanation;
}

function interruptHint(seeds: number, results: string | undefined): string {
  return results === undefined ? `${String(seeds)} seeds had ended.` : `${String(seeds)} seeds had ended, and stand in ${results}.`;
}
