import { describe, expect, it } from 'vitest';
import { readCorpus } from './input-file.js';
import { runInput } from './run-input.js';
import type { Input, Target } from './target.js';
import { TARGETS } from './targets/index.js';

/** Small, so that a clone and a replay stay quick. */
const MOST_FILES = 96;
const MOST_BYTES = 200 * 1024;

describe.each(TARGETS.map((target): [string, Target] => [target.name, target]))('%s', (name, target) => {
  const files = readCorpus(name);

  it('has a corpus, and a small one', () => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.length).toBeLessThanOrEqual(MOST_FILES);
    expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(MOST_BYTES);
  });

  it('takes some of it, refuses some, and does nothing else', () => {
    const outcomes = files.map(({ path, input }) => replay(target, input, path));
    expect(outcomes.filter((outcome) => outcome.startsWith('finding'))).toEqual([]);
    expect(outcomes.some((outcome) => outcome.startsWith('accepted'))).toBe(true);
    expect(outcomes.some((outcome) => outcome.startsWith('refused'))).toBe(true);
  });

  it('takes what its encoder makes, and breaks at none of the seeds', () => {
    const outcomes = target.seeds().map((seed, at) => replay(target, seed, `seed ${String(at)}`));
    expect(outcomes.filter((outcome) => outcome.startsWith('finding'))).toEqual([]);
    expect(outcomes.some((outcome) => outcome.startsWith('accepted'))).toBe(true);
  });
});

function replay(target: Target, input: Input, what: string): string {
  try {
    return runInput(target, input);
  } catch (error) {
    return `finding ${String(error)}; again: npm run fuzz -- ${target.name} --replay ${what}`;
  }
}
