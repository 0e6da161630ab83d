import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach } from 'vitest';
import { HostDriver } from '../../../host-driver/index.js';
import { openSerialRelay, type SerialRelay } from '../../support/serial-relay.js';
import { json, killAll, start } from '../cli/processes.js';
import { temporaryDirectory, until } from '../support.js';

const POLL_MS = 50;

/** A card in a process of its own. */
export interface CardProcess {
  readonly directory: string;
  /** Where hosts find it over TCP. */
  readonly host: string;
  /** Everything it has logged. */
  log(): string;
  /** Resolves with the exit code once it has ended. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  killAll();
  for (const step of cleanUp.splice(0).reverse()) await step();
});

export async function relay(bytesPerSecond?: number): Promise<SerialRelay> {
  const line = await openSerialRelay(bytesPerSecond);
  cleanUp.push(() => line.close());
  return line;
}

export async function format(name: string, ...options: readonly string[]): Promise<string> {
  const directory = join(temporaryDirectory(), name);
  await json('card', 'format', '--dir', directory, ...options);
  return directory;
}

/** Switches a card on: for hosts on TCP, and with whatever ports `options` give it besides. */
export async function runCard(directory: string, ...options: readonly string[]): Promise<CardProcess> {
  const { child, stdout, stderr, ended } = start('card', 'run', '--dir', directory, '--host', 'tcp://127.0.0.1:0', ...options, '--json');
  let log = '';
  stderr.on('data', (text: Buffer) => { log += text.toString(); });
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface(stdout).once('line', resolve)),
    ended.then(({ out, err }): never => { throw new Error(`the card did not come up: ${out}${err}`); }),
  ]);
  const { hosts } = JSON.parse(line) as { hosts: [string] };
  return {
    directory,
    host: hosts[0],
    log: () => log,
    kill: async (signal) => {
      child.kill(signal);
      return (await ended).exitCode;
    },
  };
}

/** A host of the card, over TCP. */
export async function hostOf(card: CardProcess): Promise<HostDriver> {
  const driver = await HostDriver.connect(card.host);
  cleanUp.push(() => { driver.close(); });
  return driver;
}

export async function logged(card: CardProcess, what: RegExp): Promise<void> {
  await until(() => what.test(card.log()));
}

/** Resolves once a card says so of its link. */
export async function linkDetailWhen(host: HostDriver, what: RegExp): Promise<void> {
  while (!what.test((await host.status()).linkDetail)) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
