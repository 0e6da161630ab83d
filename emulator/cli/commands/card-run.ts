import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Address } from '../../../protos/lines/address.js';
import type { Board } from '../../board.js';
import { parseAddress } from '../../parts/address.js';
import { consoleTrace } from '../../parts/console-trace.js';
import { ExitCode } from '../exit-codes.js';
import { addVerb, type Run } from '../verb.js';
import type { World } from '../world.js';

interface RunOptions {
  readonly dir: string;
  readonly host: readonly Address[];
  readonly peer?: Address;
}

export function addCardRun(card: Command, world: World): void {
  addVerb<RunOptions>(card, world, {
    name: 'run',
    summary: 'switch a card on',
    description:
      'Switches on the card in a directory: it recovers whatever state it finds, and serves hosts until SIGTERM or Ctrl-C shuts it down. ' +
      'A second signal switches it off at once, as a power cut would. Says on stdout where it listens, and logs to stderr.',
    examples: [
      'card run --dir /tmp/a --host tcp://127.0.0.1:7001 --peer tcp://127.0.0.1:7101',
      "card run --dir /tmp/b --host tcp://127.0.0.1:0 --host 'serial:///dev/ttyUSB0?baud=115200'",
    ],
    configure: (command) => {
      command.requiredOption('--dir <directory>', 'where the card is');
      command.requiredOption('--host <address>', 'where hosts find it; may be given more than once; port 0 takes a free one', collectAddresses);
      command.option('--peer <address>', 'where the peer card finds it; a secondary needs none, since it is the one that dials', parseAddress);
    },
    run: runCard,
  });
}

async function runCard({ dir, host, peer }: RunOptions, run: Run): Promise<undefined> {
  const directory = resolve(dir);
  // A card goes on when nobody reads any more what it says.
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error').on('error', () => undefined);
  const log = (line: string): void => { run.world.stderr.write(`${new Date().toISOString()} ${line}\n`); };
  const fault = faultWatch();
  // Loaded here, so that the verbs of a host start without the firmware.
  const { openBoard } = await import('../../board.js');
  const board = await openBoard({
    directory,
    host,
    ...(peer === undefined ? {} : { peer }),
    trace: consoleTrace(log),
    onFault: fault.report,
  });
  const signals = watchSignals();
  try {
    const end = Promise.race([signals.first, fault.happened]);
    // Not before it has recovered: whoever is told where it listens is told that there is a card.
    await Promise.race([board.booted.then(() => { announce(board, directory, run); }), end]);
    await end;
    log('shutting down');
    const clean = await Promise.race([board.close(), signals.second.then(() => 'cut' as const)]);
    if (clean === 'cut') process.exit(ExitCode.INTERRUPTED);
    if (!clean) throw new Error('the card did not come to a clean end; it recovers when it is run again');
    return undefined;
  } catch (error) {
    await board.powerOff();
    throw error;
  } finally {
    signals.stop();
  }
}

function announce(board: Board, directory: string, { world, json }: Run): void {
  const hosts = [...board.hostAddresses];
  const peer = board.peerAddress ?? null;
  if (json) {
    world.stdout.write(`${JSON.stringify({ directory, hosts, peer, pid: process.pid })}\n`);
    return;
  }
  for (const address of hosts) world.stdout.write(`Listening for hosts at ${address}\n`);
  if (peer !== null) world.stdout.write(`Listening for the peer card at ${peer}\n`);
}

/** Takes SIGINT and SIGTERM over from the program until `stop`. */
function watchSignals(): { first: Promise<void>; second: Promise<void>; stop: () => void } {
  const waiting: (() => void)[] = [];
  const first = new Promise<void>((settle) => { waiting.push(settle); });
  const second = new Promise<void>((settle) => { waiting.push(settle); });
  const onSignal = (): void => { waiting.shift()?.(); };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const stop = (): void => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  return { first, second, stop };
}

/** A fault of the firmware, as a promise that rejects with it. */
function faultWatch(): { report: (error: Error) => void; happened: Promise<never> } {
  let report: (error: Error) => void = () => undefined;
  const happened = new Promise<never>((_settle, reject) => { report = reject; });
  happened.catch(() => undefined); // It may come before anyone waits, or after.
  return { report, happened };
}

function collectAddresses(text: string, before: readonly Address[] = []): readonly Address[] {
  return [...before, parseAddress(text)];
}
