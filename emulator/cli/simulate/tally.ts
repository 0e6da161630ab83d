import { addCounts } from '../../simulation/marks.js';
import { missedMarks } from '../../simulation/required-marks.js';
import type { SeedResult } from '../../simulation/run-seed.js';

const US_AN_HOUR = 3_600_000_000;

/** What a run of the simulation came to. */
export interface Summary {
  readonly seeds: number;
  readonly failedSeeds: number;
  readonly events: number;
  readonly simulatedHours: number;
  readonly seconds: number;
  /** Of one seed its own; of several made of theirs, in any order. The same wherever they are run. */
  readonly traceHash: string;
  /** How often rare things were reached. */
  readonly marks: Readonly<Record<string, number>>;
  /** What a long run has to reach, and this one has not. */
  readonly missedMarks: readonly string[];
}

/** Adds up how seeds ended. */
export class Tally {
  seeds = 0;
  #failed = 0;
  #events = 0;
  #simulatedUs = 0;
  #traces = 0;
  #lastTrace = '';
  readonly #marks = new Map<string, number>();

  constructor(private readonly startedMs: number) {}

  add({ seed, traceHash, events, simulatedUs, marks, failure }: SeedResult): void {
    addCounts(this.#marks, marks);
    this.seeds += 1;
    this.#events += events;
    this.#simulatedUs += simulatedUs;
    this.#lastTrace = traceHash;
    this.#traces = (this.#traces + Math.imul(Number.parseInt(traceHash, 16) ^ seed, 0x9e3779b1)) >>> 0;
    if (failure !== undefined) this.#failed += 1;
  }

  summary(nowMs: number): Summary {
    const marks = Object.fromEntries([...this.#marks].sort(([one], [other]) => (one < other ? -1 : 1)));
    return {
      seeds: this.seeds,
      failedSeeds: this.#failed,
      events: this.#events,
      simulatedHours: this.#simulatedUs / US_AN_HOUR,
      seconds: (nowMs - this.startedMs) / 1000,
      traceHash: this.seeds === 1 ? this.#lastTrace : this.#traces.toString(16).padStart(8, '0'),
      marks,
      missedMarks: missedMarks(marks),
    };
  }

  text(nowMs: number): string {
    const { seeds, failedSeeds, events, simulatedHours, seconds, traceHash, marks, missedMarks: missed } = this.summary(nowMs);
    const aSecond = (value: number): string => String(Math.round(value / Math.max(seconds, 0.001)));
    return [
      `  seeds             ${String(seeds)} run, ${String(failedSeeds)} failed`,
      `  events            ${String(events)}, ${aSecond(events)} a second`,
      `  simulated         ${simulatedHours.toFixed(2)} hours, ${aSecond(simulatedHours * 3600)} times as fast as life`,
      `  took              ${seconds.toFixed(1)} s`,
      `  trace hash        ${traceHash}${seeds === 1 ? '' : ', of all seeds'}: the same wherever they are run`,
      '  reached',
      ...Object.entries(marks).map(([name, count]) => `${String(count).padStart(10)}  ${name}`),
      ...(missed.length === 0 ? [] : ['  not reached, though a long run has to']),
      ...missed.map((name) => `            ${name}`),
      '',
    ].join('\n');
  }
}
