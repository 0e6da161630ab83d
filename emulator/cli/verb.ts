import type { Command } from 'commander';
import { UsageError } from './errors.js';
import { interruptible } from './interrupt.js';
import type { Report } from './report.js';
import type { Card, World } from './world.js';

export interface Run {
  readonly world: World;
  /** Stdout is for one JSON document and nothing else. */
  readonly json: boolean;
}

export interface Verb<Options> {
  readonly name: string;
  /** For the list of verbs: a few words. */
  readonly summary: string;
  /** For the verb's own help: a few sentences. */
  readonly description: string;
  /** Arguments after `grainlink`, one command line each. */
  readonly examples: readonly string[];
  /** Adds the verb's own options and arguments. */
  readonly configure?: (command: Command) => void;
  /** A verb without a report has written its output itself. */
  readonly run: (options: Options, run: Run, operands: readonly string[]) => Promise<Report | undefined>;
}

export interface CardVerb<Options> extends Omit<Verb<Options>, 'run'> {
  readonly run: (card: Card, options: Options, run: Run) => Promise<Report | undefined>;
  /** What to know when Ctrl-C ends the verb before the card is done. */
  readonly interruptHint?: string;
}

const JSON_OPTION = ['--json', 'print one JSON document on stdout and nothing else'] as const;
const CARD_OPTION = ['-c, --card <address>', 'where the card is: tcp://HOST:PORT or serial:///dev/ttyUSB0?baud=115200'] as const;

/**
 * Options that may also stand before the verb. The program takes them from wherever they stand, so those of
 * the verbs are there for their help alone.
 */
export function addGlobalOptions(program: Command): void {
  program.option(...CARD_OPTION).option(...JSON_OPTION);
}

export function addVerb<Options>(parent: Command, world: World, verb: Verb<Options>): void {
  const command = parent.command(verb.name).summary(verb.summary).description(verb.description);
  verb.configure?.(command);
  command.option(...JSON_OPTION);
  const examples = verb.examples.map((example) => `  grainlink ${example}\n`).join('');
  command.addHelpText('after', `\nExample${verb.examples.length > 1 ? 's' : ''}:\n${examples}`);
  command.action(async () => {
    const { json = false, ...options } = command.optsWithGlobals<{ json?: boolean }>();
    // The options' parsers have checked each value; Options only gives them their types.
    const report = await verb.run(options as Options, { world, json }, command.args);
    if (report !== undefined) world.stdout.write(json ? `${JSON.stringify(report.json)}\n` : report.text);
  });
}

/** A verb that talks to a card: adds `--card`, connects, and closes the connection however it ends. */
export function addCardVerb<Options>(parent: Command, world: World, verb: CardVerb<Options>): void {
  const { interruptHint, configure } = verb;
  addVerb<Options & { card?: string }>(parent, world, {
    ...verb,
    configure: (command) => {
      command.option(...CARD_OPTION);
      configure?.(command);
    },
    run: async (options, run) => {
      if (options.card === undefined) throw new UsageError(`"${verb.name}" needs a card: add -c tcp://HOST:PORT.`);
      const connecting = world.connect(options.card);
      const card = await interruptible(world.interrupt, connecting).catch((error: unknown) => {
        connecting.then((late) => { late.close(); }, () => undefined);
        throw error;
      });
      try {
        return await interruptible(world.interrupt, verb.run(card, options, run), interruptHint);
      } finally {
        card.close();
      }
    },
  });
}
