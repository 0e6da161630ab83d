import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** The program as users run it: `npm test` builds it first. */
const PROGRAM = join(import.meta.dirname, '../../../dist/emulator/cli/grainlink.js');
const POLL_MS = 50;

export interface Ended {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunningCard {
  /** Where hosts find it. */
  readonly host: string;
  /** Where the peer card finds it. */
  readonly peer: string;
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

const children = new Set<ChildProcess>();

/** For `afterEach`: no process outlives its test. */
export function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
}

export function start(...args: readonly string[]): { child: ChildProcess; stdout: Readable; stderr: Readable; ended: Promise<Ended> } {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there: run "npm run build" first.`);
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const ended = new Promise<Ended>((resolve) => {
    const output = { out: '', err: '' };
    child.stdout.on('data', (text: Buffer) => { output.out += text.toString(); });
    child.stderr.on('data', (text: Buffer) => { output.err += text.toString(); });
    child.on('close', (exitCode) => {
      children.delete(child);
      resolve({ exitCode, ...output });
    });
  });
  return { child, stdout: child.stdout, stderr: child.stderr, ended };
}

/** Runs the program to its end. */
export function grainlink(...args: readonly string[]): Promise<Ended> {
  return start(...args).ended;
}

/** Runs a verb with `--json` and gives its document; throws when it did not end well. */
export async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { exitCode, out, err } = await grainlink(...args, '--json');
  if (exitCode !== 0) throw new Error(`grainlink ${args.join(' ')} ended with ${String(exitCode)}: ${out}${err}`);
  return JSON.parse(out) as Record<string, unknown>;
}

/** Switches the card in a directory on, with both ports wherever there is room. */
export async function runCard(directory: string): Promise<RunningCard> {
  const { child, stdout, ended } = start('card', 'run', '--dir', directory, '--host', 'tcp://127.0.0.1:0', '--peer', 'tcp://127.0.0.1:0', '--json');
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface(stdout).once('line', resolve)),
    ended.then(({ out, err }): never => { throw new Error(`the card did not come up: ${out}${err}`); }),
  ]);
  const { hosts, peer, pid } = JSON.parse(line) as { hosts: [string]; peer: string; pid: number };
  return { host: hosts[0], peer, pid, kill: (signal) => child.kill(signal), ended };
}

/** Asks for the status until it is as wished. */
export async function statusWhen(host: string, wished: (status: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
  for (;;) {
    const status = await json('status', '-c', host);
    if (wished(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
