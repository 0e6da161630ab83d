import { afterEach, describe, expect, it } from 'vitest';
import { Random } from '../../emulator/simulation/random.js';
import { Coverage } from './coverage.js';
import { Fuzzer } from './fuzzer.js';
import { decodeInput, encodeInput } from './input-file.js';
import { maze } from './maze.js';
import { mutateMessage } from './mutate-message.js';
import { runInput } from './run-input.js';
import type { Target } from './target.js';

const MAX_RUNS = 2_000_000;

const open: Coverage[] = [];
afterEach(() => { for (const coverage of open.splice(0)) coverage.close(); });

function fuzzer(target: Target, isWatched: (url: string) => boolean): Fuzzer {
  const random = new Random(1);
  const coverage = new Coverage(isWatched);
  open.push(coverage);
  const made = new Fuzzer(target, coverage, (bound) => random.below(bound));
  made.add(target.seeds());
  return made;
}

function runUntilFound(made: Fuzzer, maxRuns: number): void {
  while (made.found.length === 0 && made.runs < maxRuns) made.step();
}

describe('the fuzzer', () => {
  it('is led by coverage through a maze that it does not come through blind', () => {
    const led = fuzzer(maze, (url) => url.includes('/test/fuzz/maze.'));
    runUntilFound(led, MAX_RUNS);
    expect(led.found.map(({ error, input }) => [error.message, Buffer.from(input[0] ?? []).toString()])).toEqual([['the way out', 'gram']]);

    const blind = fuzzer(maze, () => false);
    runUntilFound(blind, led.runs);
    expect(blind.found).toEqual([]);
  });

  it('finds each cause once, with the smallest input that shows it', () => {
    const target: Target = {
      name: 'fragile',
      seeds: () => [[Uint8Array.of(1, 2, 3, 9, 4, 5), Uint8Array.of(6)]],
      run: ([bytes = new Uint8Array(0)]) => {
        if (bytes.includes(9)) throw new Error(`nine among ${String(bytes.length)}`);
        return 'accepted';
      },
    };
    const made = fuzzer(target, () => false);
    for (let step = 0; step < 3; step += 1) made.step();
    expect(made.found.map(({ input }) => input.map((part) => [...part]))).toEqual([[[9]]]);
  });
});

describe('a run of an input', () => {
  it('that takes more memory than its target may is a finding', () => {
    const kept: Uint8Array[] = [];
    const greedy: Target = {
      name: 'greedy',
      seeds: () => [],
      run: () => {
        kept.push(new Uint8Array(64 * 2 ** 20));
        return 'refused';
      },
    };
    expect(() => runInput(greedy, [])).toThrow(/^it took \d+ ms and \d+ MiB$/);
    expect(kept).toHaveLength(2);
  });
});

describe('an input', () => {
  it('reads from a file as it was written', () => {
    const input = [Uint8Array.of(1, 2), new Uint8Array(0), new Uint8Array(300).fill(7)];
    expect(decodeInput(encodeInput(input))).toEqual(input);
  });

  it('is made of whatever a file holds', () => {
    expect(decodeInput(Uint8Array.of(9, 0, 1))).toEqual([Uint8Array.of(1)]);
    expect(decodeInput(Uint8Array.of(9))).toEqual([]);
  });
});

describe('a message', () => {
  it('changed in a field is still a message, with all lengths right', () => {
    const random = new Random(2);
    // Field 1: a message with field 2 = 5; field 3: two bytes.
    const message = Uint8Array.of(0x0a, 2, 0x10, 5, 0x1a, 2, 7, 7);
    for (let time = 0; time < 200; time += 1) {
      const mutant = mutateMessage(message, (bound) => random.below(bound));
      expect(mutant).toBeDefined();
      expect(mutant?.length === 0 || mutateMessage(mutant ?? message, () => 0) !== undefined).toBe(true);
    }
  });

  it('is not seen in bytes that are none', () => {
    expect(mutateMessage(Uint8Array.of(0xff), () => 0)).toBeUndefined();
  });
});
