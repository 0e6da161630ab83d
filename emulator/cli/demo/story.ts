import type { Run } from '../verb.js';

/** One step of the seed's figure 3, or of what the demo adds to it. */
export interface Step {
  /** Numbers of the seed's figures; empty where it has none. */
  readonly figure: string;
  readonly title: string;
  readonly durationMs: number;
  /** What came out of it, in a sentence. */
  readonly outcome: string;
}

/** Tells what happens while it happens. */
export interface Story {
  readonly steps: readonly Step[];
  /** The step that is under way, in a word or two. */
  readonly now: () => string;
  /** Does a step: `work` returns what it came to and what to say of it. */
  step<T>(figure: string, title: string, work: () => Promise<Told<T>>): Promise<T>;
}

export interface Told<T> {
  readonly result: T;
  readonly outcome: string;
}

const FIGURE_WIDTH = 10;
const TEXT_WIDTH = 100;

/** With --json nothing is said before the end. */
export function startStory({ world, json }: Run): Story {
  const steps: Step[] = [];
  let current = '';
  const say = (text: string): void => { if (!json) world.stdout.write(text); };
  return {
    steps,
    now: () => current,
    step: async (figure, title, work) => {
      current = figure === '' ? 'the end' : figure;
      say(`${figure.padEnd(FIGURE_WIDTH)}${title}\n`);
      const startedMs = world.nowMs();
      const { result, outcome } = await work();
      const durationMs = world.nowMs() - startedMs;
      steps.push({ figure, title, durationMs, outcome });
      say(`${indented(`${secondsText(durationMs)}: ${outcome}`)}\n`);
      return result;
    },
  };
}

/** `0.04 s`, `12.3 s`. */
export function secondsText(durationMs: number): string {
  const seconds = durationMs / 1000;
  return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}

/** Breaks text between words into lines that stand under a step's title. */
function indented(text: string): string {
  const indent = ' '.repeat(FIGURE_WIDTH);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > TEXT_WIDTH) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${indent}${each}\n`).join('');
}
