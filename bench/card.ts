import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { HostDriver } from '../host-driver/index.js';
import { RelationshipState, JobState } from '../protos/gen/grainlink/host/v1/admin_pb.js';
import { sleep } from './sleep.js';

const PROGRAM = fileURLToPath(new URL('../emulator/cli/grainlink.js', import.meta.url));
const POLL_MS = 5;

/** A card in a process of its own. */
export interface BenchCard {
  readonly driver: HostDriver;
  readonly host: string;
  readonly peer: string;
  /** Peak resident memory of its process so far, in bytes. */
  peakResidentBytes(): number;
  stop(): Promise<void>;
}

export async function formatCard(directory: string, sizeBytes: number, grainBytes?: number): Promise<void> {
  const grain = grainBytes === undefined ? [] : ['--grain', String(grainBytes)];
  await promisify(execFile)(process.execPath, [PROGRAM, 'card', 'format', '--dir', directory, '--size', String(sizeBytes), ...grain]);
}

export async function startCard(directory: string, queueDepth = 64): Promise<BenchCard> {
  const address = 'tcp://127.0.0.1:0';
  const child = spawn(process.execPath, [PROGRAM, 'card', 'run', '--dir', directory, '--host', address, '--peer', address, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  process.once('exit', () => { child.kill('SIGKILL'); });
  const { host, peer } = await announced(child);
  const driver = await HostDriver.connect(host, { queueDepth });
  return {
    driver,
    host,
    peer,
    peakResidentBytes: () => peakResidentBytes(child),
    async stop(): Promise<void> {
      driver.close();
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Waits for the job under way. @throws when it failed. */
export async function jobDone({ driver }: BenchCard): Promise<void> {
  for (;;) {
    const { job } = await driver.status();
    if (job?.state === JobState.SUCCEEDED) return;
    if (job?.state === JobState.FAILED) throw new Error(`the job failed: ${job.detail}`);
    await sleep(POLL_MS);
  }
}

export async function synchronized({ driver }: BenchCard): Promise<void> {
  while ((await driver.status()).state !== RelationshipState.CONSISTENT_SYNCHRONIZED) await sleep(POLL_MS);
}

async function announced(child: ChildProcess): Promise<{ host: string; peer: string }> {
  if (child.stdout === null) throw new Error('the card has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { hosts: string[]; peer: string };
    const [host] = said.hosts;
    if (host !== undefined) return { host, peer: said.peer };
  }
  throw new Error('the card did not start');
}

function peakResidentBytes(child: ChildProcess): number {
  const status = readFileSync(`/proc/${String(child.pid)}/status`, 'utf8');
  const kib = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  if (kib === undefined) throw new Error('this machine does not tell the peak memory of a process');
  return Number(kib) * 1024;
}
