import { Command, CommanderError } from 'commander';
import { addCard } from './commands/card.js';
import { addConnect } from './commands/connect.js';
import { addDemo } from './commands/demo.js';
import { addDirty } from './commands/dirty.js';
import { addDisconnect } from './commands/disconnect.js';
import { addDissolve } from './commands/dissolve.js';
import { addEstablish } from './commands/establish.js';
import { addFlashCopy } from './commands/flash-copy.js';
import { addFlush } from './commands/flush.js';
import { addIdentify } from './commands/identify.js';
import { addMedium } from './commands/medium.js';
import { addRead } from './commands/read.js';
import { addRegs } from './commands/regs.js';
import { addSimulate } from './commands/simulate.js';
import { addStart } from './commands/start.js';
import { addStatus } from './commands/status.js';
import { addStop } from './commands/stop.js';
import { addWrite } from './commands/write.js';
import { UsageError } from './errors.js';
import { ExitCode, exitCodeHelp } from './exit-codes.js';
import { failureJson, failureOf, failureText } from './failure.js';
import { addGlobalOptions } from './verb.js';
import type { World } from './world.js';

/** Every verb, or group of verbs, in the order in which the help lists them. */
const verbs: readonly ((program: Command, world: World) => void)[] = [
  addCard,
  addIdentify,
  addStatus,
  addRegs,
  addWrite,
  addRead,
  addFlush,
  addEstablish,
  addDissolve,
  addFlashCopy,
  addMedium,
  addConnect,
  addDisconnect,
  addStop,
  addStart,
  addDirty,
  addDemo,
  addSimulate,
];

const HELP_AFTER = `
Sizes and offsets are whole numbers of bytes, or carry KiB, MiB, GiB or TiB.
Each verb takes --json; with it stdout holds one JSON document and nothing else, and an error is
{"error": {"code": …, "message": …, "detail": …}}.

${exitCodeHelp}
Try:
  grainlink card format --dir /tmp/a --size 1GiB
  grainlink card run --dir /tmp/a --host tcp://127.0.0.1:7001 --peer tcp://127.0.0.1:7101
  grainlink status -c tcp://127.0.0.1:7001
`;

/**
 * Runs one command line.
 * @param args what stands after the program's name.
 */
export async function runProgram(args: readonly string[], world: World): Promise<ExitCode> {
  const program = buildProgram(world);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return ExitCode.OK;
  } catch (error) {
    // Commander ends this way after --help and --version too.
    if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.OK;
    const shown = failureOf(error instanceof CommanderError ? usageError(error) : error);
    if (asksForJson(args)) world.stdout.write(`${JSON.stringify(failureJson(shown))}\n`);
    else {
      world.stdout.write(shown.report?.text ?? '');
      world.stderr.write(failureText(shown));
    }
    return shown.exitCode;
  }
}

function buildProgram(world: World): Command {
  const program = new Command('grainlink')
    .description('Runs storage adapter cards, and drives them: remote copy established fast and economically.')
    .version(world.version, '--version', 'print the version')
    .addHelpText('after', HELP_AFTER)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => { world.stdout.write(text); },
      // Errors are shown where all errors are; the only other thing that comes here is help that nobody asked for.
      outputError: () => undefined,
      writeErr: (text) => { world.stderr.write(text); },
    });
  addGlobalOptions(program);
  for (const add of verbs) add(program, world);
  return program;
}

function usageError(error: CommanderError): UsageError {
  if (error.code === 'commander.help') return new UsageError('Name a verb; the help lists them.');
  // "error: too many arguments … got 1." and "error: unknown command …\n(Did you mean …?)" become sentences.
  const [text = '', hint] = error.message.replace(/^error: /, '').replace(/\.$/, '').split('\n');
  return new UsageError(`${text.charAt(0).toUpperCase()}${text.slice(1)}${hint === undefined ? '' : ` ${hint}`}. See --help.`);
}

/** Also when the command line could not be read otherwise. */
function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).includes('--json');
}
