import type { FaultOptions } from '../../simulation/faults.js';
import { ReusedMemory } from '../../simulation/reused-memory.js';
import type { Judge } from '../../simulation/rules.js';
import { runSeed, type SeedResult, STEPS_A_SEED } from '../../simulation/run-seed.js';
import { type Step, stepsOf } from '../../simulation/scenario.js';
import { shrink } from '../../simulation/shrink.js';
import { eventText } from './trace-file.js';

const SHOWN_EVENTS = 30;
const KIND_LETTERS = 40;

export interface Explanation {
  /** For a sentence: which rule. */
  readonly what: string;
  readonly json: object;
  readonly text: string;
}

export interface Telling {
  /** Whether to look for the shortest scenario. */
  readonly shortens: boolean;
  /** Options with which it fails again. */
  readonly again: string;
}

/** Runs a failed seed again, leaves out whatever it fails without (if asked to), and tells what is left. */
export function explainFailure(result: SeedResult, faults: FaultOptions, judge: Judge, { shortens, again }: Telling): Explanation {
  const { seed, failure } = result;
  if (failure === undefined) throw new Error('a seed that did not fail has nothing to explain');
  const memories = [new ReusedMemory(), new ReusedMemory()];
  const run = (steps: readonly Step[]): SeedResult => runSeed({ seed, faults, judge, memories, steps });
  const sameWay = (steps: readonly Step[]): boolean => {
    const other = run(steps).failure;
    return other !== undefined && other.rule === failure.rule && kindOf(other.message) === kindOf(failure.message);
  };
  const whole = stepsOf(seed, STEPS_A_SEED, faults.misfortunes).slice(0, failure.step + 1);
  const steps = shortens ? shrink(whole, sameWay) : whole;
  const shortest = run(steps);
  const events = (shortest.failure?.recent ?? []).slice(-SHOWN_EVENTS).map(eventText);
  const kinds = steps.map(({ kind }) => kind);
  const what = failure.rule === undefined ? 'off inside the firmware or the simulator' : `rule ${String(failure.rule)}`;
  return {
    what,
    json: { seed, rule: failure.rule ?? null, message: failure.message, traceHash: result.traceHash, steps: kinds, shortestMessage: shortest.failure?.message, events },
    text: [
      `  seed              ${String(seed)}, trace hash ${result.traceHash}, in step ${String(failure.step + 1)}`,
      `  ${failure.message}`,
      `  shortest          ${String(kinds.length)} steps: ${kinds.join(' ')}`,
      `  ${shortest.failure?.message ?? 'it does not fail any more'}`,
      '  last events',
      ...events.map((line) => `  ${line}`),
      `  Again: grainlink simulate ${again}`,
      '',
    ].join('\n'),
  };
}

/** What is wrong, wherever it is: the beginning of the sentence, without its numbers. */
function kindOf(message: string): string {
  return message.replace(/\d+/g, '').slice(0, KIND_LETTERS);
}
