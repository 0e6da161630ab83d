import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { DEFAULT_MINUTES, MOST_MINUTES } from './settings.js';

export interface TortureOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly json?: boolean;
}

const MOST_SEED = 2 ** 31 - 1;
const USAGE = 2;

/** Reads the command line. What it cannot mean is refused with a sentence, and ends the process. */
export function readOptions(args: readonly string[]): TortureOptions {
  const { seed = randomInt(MOST_SEED), ...options } = new Command('torture')
    .description('Two cards in processes of their own, a host at work, and everything that can go wrong with processes and lines: SIGKILL, SIGSTOP, frames lost, doubled, late, connections cut, half-open, stalled. What hosts were told is checked all the while, and at the end. See docs/testing.md.')
    .option('--minutes <m>', 'how long; fractions count', minutesOf, DEFAULT_MINUTES)
    .option('--seed <n>', 'of what is chosen; real time is not reproducible, so the same seed is not the same run (default: a random one)', seedOf)
    .option('--json', 'one JSON document on stdout')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE))
    .parse(args, { from: 'user' })
    .opts<Omit<TortureOptions, 'seed'> & { readonly seed?: number }>();
  return { ...options, seed };
}

function minutesOf(text: string): number {
  const minutes = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (minutes > 0 && minutes <= MOST_MINUTES) return minutes;
  throw new InvalidArgumentError(`It has to be a number of minutes above 0, and ${String(MOST_MINUTES)} at most.`);
}

function seedOf(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) <= MOST_SEED) return Number(text);
  throw new InvalidArgumentError(`It has to be a whole number from 0 to ${String(MOST_SEED)}.`);
}
