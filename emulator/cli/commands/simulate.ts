import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { UsageError } from '../errors.js';
import { interruptible } from '../interrupt.js';
import { MOST_OPERATIONS } from '../limits.js';
import { faultsOf } from '../simulate/fault-options.js';
import type { SeedRange } from '../simulate/messages.js';
import type { SimulateOptions } from '../simulate/options.js';
import { addVerb } from '../verb.js';
import type { World } from '../world.js';

export function addSimulate(program: Command, world: World): void {
  addVerb<SimulateOptions>(program, world, {
    name: 'simulate',
    summary: 'pairs of cards in a simulated world where everything goes wrong, by seeds',
    description:
      'Runs two cards, their hosts, operators, media, disks and the line between them in one process and in virtual time. The seed ' +
      'decides everything: the same seed does the same on every machine. Each scenario goes through the life of a pair while power, ' +
      'line, disks, NVRAM and media fail; then faults stop, and the pair has to become synchronized. Every rule of docs/invariants.md ' +
      'is checked against a model that knows only what hosts wrote and what was acknowledged. Ends with code 3 when a rule is broken, ' +
      'and shows the seed, the rule, the last events, and the shortest scenario that still breaks it. With --exhaustive it ' +
      'enumerates: from each station of a pair\'s life each short sequence of operations is tried, a later one beginning at each effect of ' +
      'those before it, and the power is cut at and after each effect, with every outcome that the cut may have.',
    examples: ['simulate --seeds 1..1000', 'simulate --seeds 4711 --faults all,disk-error=0.01 --trace /tmp/trace.txt', 'simulate --seeds 1..100000 --results /tmp/results.json', 'simulate --exhaustive --operations 1'],
    configure: (command) => {
      command.addOption(new Option('--seeds <a..b>', 'which: one number, or the first and the last').argParser(seedsOf).default({ first: 1, last: 100 }, '1..100'));
      command.option('--jobs <n>', 'threads', jobsOf, availableParallelism());
      command.addOption(new Option('--faults <set>', 'what goes wrong: none, power, link, disk (and media), nvram or all; with probabilities in place of the set\'s, as in "link,frame-lost=0.01"').argParser(faultsOf).default(faultsOf('all'), 'all'));
      command.option('--data-only', 'judge only by what hosts can see, wrong data: shows that a rule is needed');
      command.option('--keep-going', 'do not stop at the first seed, or sequence, that fails');
      command.option('--brief', 'do not look for the shortest scenario of a failure');
      command.addOption(new Option('--require-marks [times]', 'fail when not all that a long run has to reach was reached so often, in these seeds or in all of the file of --results').argParser(timesOf).preset(1));
      command.option('--trace <file>', 'of one seed: write every event there');
      command.option('--results <file>', 'add what was run to this file');
      command.addOption(new Option('--exhaustive', 'try every short sequence of operations instead of seeds').conflicts(['seeds', 'faults', 'trace', 'results', 'brief', 'requireMarks']));
      command.option('--operations <n>', `with --exhaustive: the length of the longest sequences, 1 to ${String(MOST_OPERATIONS)} (default: 2)`, operationsOf);
      command.option('--states <n>', 'with --exhaustive: end when so many distinct crash states have been tried', statesOf);
      command.option('--cuts <which>', 'with --exhaustive: the cuts in sequences of more than one operation: all, or both (of both cards at once, and again in each recovery) (default: all)');
      command.option('--from <station>', 'with --exhaustive: from this station only');
      command.addOption(new Option('--sequence <operations>', 'with --exhaustive: this sequence only, as in "write,link cut"').conflicts('operations'));
    },
    run: async (options, run) => {
      // Loaded here, so that the verbs of a host start without the firmware.
      if (options.exhaustive === true) {
        const { simulateExhaustively } = await import('../simulate/exhaustive.js');
        return interruptible(run.world.interrupt, simulateExhaustively(options, run));
      }
      for (const option of ['operations', 'states', 'cuts', 'from', 'sequence'] as const) {
        if (options[option] !== undefined) throw new UsageError(`--${option} goes with --exhaustive: add that, or leave it out.`);
      }
      const { simulateSeeds } = await import('../simulate/simulate.js');
      // What has ended is kept: it ends by itself when it is interrupted.
      return simulateSeeds(options, run);
    },
  });
}

function seedsOf(text: string): SeedRange {
  const match = /^(\d{1,15})(?:\.\.(\d{1,15}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || first > last) throw new UsageError(`--seeds: "${text}" is not one number, nor a first and a last as in 1..100.`);
  return { first, last };
}

function jobsOf(text: string): number {
  const jobs = countOf(text);
  if (jobs === undefined || jobs > 256) throw new UsageError(`--jobs: "${text}" is not a whole number from 1 to 256.`);
  return jobs;
}

function operationsOf(text: string): number {
  const operations = countOf(text);
  if (operations === undefined || operations > MOST_OPERATIONS) throw new UsageError(`--operations: "${text}" is not a whole number from 1 to ${String(MOST_OPERATIONS)}.`);
  return operations;
}

function statesOf(text: string): number {
  const states = countOf(text);
  if (states === undefined) throw new UsageError(`--states: "${text}" is not a whole number from 1 on.`);
  return states;
}

function timesOf(text: string): number {
  const times = countOf(text);
  if (times === undefined) throw new UsageError(`--require-marks: "${text}" is not a whole number from 1 on.`);
  return times;
}

/** A whole number from 1 on, in digits and nothing else. */
function countOf(text: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}
