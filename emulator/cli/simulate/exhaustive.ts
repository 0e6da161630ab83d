import { CUTS, type Cuts, type ExhaustiveFailure } from '../../simulation/exhaustive/explorer.js';
import { OPERATIONS } from '../../simulation/exhaustive/operations.js';
import { STATIONS } from '../../simulation/exhaustive/stations.js';
import { TriedStates } from '../../simulation/exhaustive/tried-states.js';
import { RefusedError, UsageError } from '../errors.js';
import { MOST_OPERATIONS } from '../limits.js';
import { startProgress } from '../progress.js';
import type { Report } from '../report.js';
import type { Run } from '../verb.js';
import { countOf, type ExhaustiveScope, sequencesOf } from './exhaustive-plan.js';
import { ExhaustiveTally } from './exhaustive-tally.js';
import type { ExhaustiveSetup, SequenceAnswer, SequenceTask } from './messages.js';
import type { SimulateOptions } from './options.js';
import { eventText } from './trace-file.js';
import { runPool } from './worker-pool.js';

const SHOWN_EVENTS = 30;
/** Operations of the longest sequences, if nobody says. */
const LONGEST = 2;
/** More new states than the sequences bring that are under way when as many have been tried as were asked for. */
const STATES_ON_TOP = 2 ** 20;
/** Failures that a run names; the rest are counted. */
const MOST_NAMED = 20;

/** Tries every short sequence of operations from every station. */
export async function simulateExhaustively(options: SimulateOptions, run: Run): Promise<Report> {
  const scope = scopeOf(options);
  const cuts = cutsOf(options.cuts);
  const total = Array.from({ length: scope.operations }, (_, index) => countOf(scope, index + 1)).reduce((sum, count) => sum + count, 0);
  const tally = new ExhaustiveTally(run.world.nowMs());
  const progress = startProgress(run, 'simulate');
  const sequences = sequencesOf(scope);
  const failures: ExhaustiveFailure[] = [];
  let failed = 0;
  const tried = new TriedStates(TriedStates.memoryFor(options.states === undefined ? undefined : options.states + STATES_ON_TOP));
  const isOver = (): boolean => (failed > 0 && options.keepGoing !== true) || tally.distinct >= Math.min(options.states ?? Infinity, tried.room);
  try {
    await runPool<SequenceTask, SequenceAnswer>({
      program: new URL('./exhaustive-worker.js', import.meta.url),
      setup: { judge: options.dataOnly === true ? 'data' : 'rules', cuts, tried: tried.memory } satisfies ExhaustiveSetup,
      jobs: options.jobs,
      interrupt: run.world.interrupt,
      take: () => {
        const next = isOver() ? undefined : sequences.next();
        return next?.done === false ? next.value : undefined;
      },
      onAnswer: (answer) => {
        tally.add(answer);
        failed += answer.failures.length;
        failures.push(...answer.failures.slice(0, MOST_NAMED - failures.length));
        if (options.states === undefined) progress.update(tally.sequences, total);
        else progress.update(Math.min(tally.distinct, options.states), options.states);
      },
    });
  } finally {
    progress.end();
  }
  const summary = { stations: scope.from === undefined ? STATIONS.length : 1, ...tally.summary(run.world.nowMs()), failed };
  const text = textOf(summary, scope);
  const [first] = failures;
  if (first === undefined) return { json: { ...summary, failures: [] }, text };
  const json = { ...summary, failures: failures.map(({ recent, ...failure }) => ({ ...failure, rule: failure.rule ?? null, events: recent.slice(-SHOWN_EVENTS).map(eventText) })) };
  const again = `${cuts === 'all' ? '' : ` --cuts ${cuts}`}${options.dataOnly === true ? ' --data-only' : ''}`;
  const what = first.rule === undefined ? 'goes off inside the firmware or the simulator' : `breaks rule ${String(first.rule)}`;
  const who = first.operations.length === 0 ? `A pair on its way to the station ${first.station}` : `A sequence of ${String(first.operations.length)} operations`;
  throw new RefusedError('RULE_BROKEN', `${who} ${what}.`, first.message, { json, text: text + failures.map((failure) => failureText(failure, again)).join('') });
}

function scopeOf({ operations, from, sequence }: SimulateOptions): ExhaustiveScope {
  const named = sequence?.split(',').map((name) => indexOf(name.trim(), OPERATIONS, '--sequence'));
  if (named !== undefined && named.length > MOST_OPERATIONS) throw new UsageError(`--sequence: ${String(named.length)} operations are more than the ${String(MOST_OPERATIONS)} that can be tried.`);
  return {
    operations: named?.length ?? operations ?? LONGEST,
    ...(from === undefined ? {} : { from: indexOf(from, STATIONS, '--from') }),
    ...(named === undefined ? {} : { sequence: named }),
  };
}

function cutsOf(name: string = CUTS[0]): Cuts {
  const cuts = CUTS.find((one) => one === name);
  if (cuts === undefined) throw new UsageError(`--cuts: "${name}" is none of ${CUTS.join(', ')}.`);
  return cuts;
}

function indexOf(name: string, list: readonly { readonly name: string }[], option: string): number {
  const index = list.findIndex((one) => one.name === name);
  if (index < 0) throw new UsageError(`${option}: "${name}" is none of ${list.map((one) => one.name).join(', ')}.`);
  return index;
}

type Shown = ReturnType<ExhaustiveTally['summary']> & { readonly stations: number; readonly failed: number };

function textOf(shown: Shown, scope: ExhaustiveScope): string {
  const sequences = Object.entries(shown.sequences).map(([length, count]) => `${String(count)} of ${String(countOf(scope, Number(length)))} with ${length} operation${length === '1' ? '' : 's'}`);
  return [
    `  stations          ${String(shown.stations)}`,
    `  sequences         ${sequences.join(', ')}`,
    `  passages          ${String(shown.passages)}, by where the later operations begin`,
    `  effect points     ${String(shown.points)}, the power cut at each of them`,
    `  crash states      ${String(shown.crashStates)}, ${String(shown.distinctCrashStates)} of them distinct, each recovered from`,
    `  one-sided cuts    ${String(shown.oneSidedCuts)}, the other card going on`,
    `  failures          ${String(shown.failed)}`,
    `  events            ${String(shown.events)}, ${String(Math.round(shown.events / Math.max(shown.seconds, 0.001)))} a second`,
    `  took              ${shown.seconds.toFixed(1)} s`,
    '',
  ].join('\n');
}

function failureText({ station, operations, startsAfter, cut, message, recent }: ExhaustiveFailure, again: string): string {
  return [
    `  from ${station}: ${operations.map((name, index) => (index === 0 ? name : `${name} after effect ${String(startsAfter[index])}`)).join(', ')}`,
    `  power cut         ${cut}`,
    `  ${message}`,
    ...recent.slice(-SHOWN_EVENTS).map((event) => `  ${eventText(event)}`),
    `  Again: grainlink simulate --exhaustive --from "${station}"${operations.length === 0 ? '' : ` --sequence "${operations.join(',')}"`}${again}`,
    '',
  ].join('\n');
}
