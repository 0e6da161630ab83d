import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { HostDriver } from '../../../host-driver/index.js';

/** The program as users run it, in a process that ends when this one does: `npm test` builds it first. This file may itself be built. */
const PROGRAM = join(import.meta.dirname.replace(/\/dist(?=\/test\/)/, ''), '../../../dist/emulator/cli/demo/card-child.js');
const LOG_LINES = 30;
const LOOK_MS = 1;
const LAST_WORDS_MS = 1000;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** A card in a directory, which is switched on and off as a process of its own. */
export class CardInProcess {
  /** Rejects when the process ends though nobody asked it to. */
  readonly failed: Promise<never>;
  #fail: (error: Error) => void = () => undefined;
  readonly #log: string[] = [];
  #child: Child | undefined;
  #gone: Promise<number | null> = Promise.resolve(null);
  #ready: Promise<HostDriver> | undefined;
  #driver: HostDriver | undefined;
  #host = '';
  #peer = '';

  /**
   * @param peerPort 0 for a free one each time it is switched on.
   * @param onLogLine takes every line that it logs.
   */
  constructor(
    readonly name: string,
    readonly directory: string,
    private readonly peerPort: number,
    private readonly onLogLine: (line: string) => void = () => undefined,
  ) {
    this.failed = new Promise<never>((_resolve, reject) => { this.#fail = reject; });
    this.failed.catch(() => undefined); // It may come while nobody waits.
  }

  get on(): boolean {
    return this.#child !== undefined;
  }

  /** The host's connection, once {@link ready}. */
  get driver(): HostDriver {
    if (this.#driver === undefined) throw new Error(`the ${this.name} serves no host now`);
    return this.#driver;
  }

  /** Where hosts find it, once {@link ready}. */
  get host(): string {
    return this.#host;
  }

  /** Where the peer card finds it: the same each time it is switched on, unless it takes a free port; then once {@link ready}. */
  get peer(): string {
    return this.peerPort === 0 ? this.#peer : `tcp://127.0.0.1:${String(this.peerPort)}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether it serves its host. */
  get serves(): boolean {
    return this.#driver !== undefined;
  }

  switchOn(): void {
    if (this.on) throw new Error(`the ${this.name} is on already`);
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there: run "npm run build" first.`);
    const args = [PROGRAM, 'card', 'run', '--dir', this.directory, '--host', 'tcp://127.0.0.1:0', '--peer', `tcp://127.0.0.1:${String(this.peerPort)}`, '--json'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => undefined); // It is never written to; its end is what counts.
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', (line) => { this.#keep(line); });
    this.#child = child;
    running.add(child);
    this.#gone = new Promise((resolve) => {
      child.on('close', (exitCode, signal) => {
        this.#keep(`-- the process ended: ${signal ?? `exit code ${String(exitCode)}`}`);
        running.delete(child);
        if (this.#child === child) this.#fail(new Error(`the process of the ${this.name} came to an end that nobody asked for: ${signal ?? `exit code ${String(exitCode)}`}\n${this.log()}`));
        resolve(exitCode);
      });
    });
    this.#ready = this.#connect(child);
    this.#ready.catch(() => undefined); // It may be killed before anybody asks.
  }

  /** Resolves when the card serves its host. Rejects when the process ends before. */
  async ready(): Promise<HostDriver> {
    if (this.#ready === undefined) throw new Error(`the ${this.name} is off`);
    return this.#ready;
  }

  /** Resolves when the process has the card's NVRAM open: it recovers now. By /proc, since it cannot be asked yet. */
  async recovering(): Promise<void> {
    const nvram = join(this.directory, 'nvram');
    while (!(await hasOpen(this.#child?.pid, nvram))) {
      if (this.#child?.exitCode !== null) throw new Error(`the ${this.name} did not come up\n${this.log()}`);
      await delay(LOOK_MS);
    }
  }

  /** SIGKILL at once: the card's power cut. Resolves when the process is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGKILL');
    await this.#ended();
  }

  /** SIGSTOP: it stands still, and nobody is told. */
  halt(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** SIGCONT. */
  goOn(): void {
    this.#child?.kill('SIGCONT');
  }

  /** SIGTERM. @throws Error when it does not come to a clean end. */
  async shutDown(): Promise<void> {
    this.#child?.kill('SIGTERM');
    const exitCode = await this.#ended();
    if (exitCode !== 0) throw new Error(`the ${this.name} did not shut down cleanly\n${this.log()}`);
  }

  /** The last lines of what it logged. */
  log(): string {
    return this.#log.join('\n');
  }

  async #connect(child: Child): Promise<HostDriver> {
    const announced = new Promise<string>((resolve) => { createInterface({ input: child.stdout }).once('line', resolve); });
    const ended = this.#gone.then((): never => { throw new Error(`the ${this.name} ended before it served its host\n${this.log()}`); });
    const line = await Promise.race([announced, ended]);
    const { hosts: [host] = [], peer = '' } = JSON.parse(line) as { hosts?: string[]; peer?: string };
    if (host === undefined) throw new Error(`the ${this.name} does not listen: ${line}`);
    const driver = await Promise.race([HostDriver.connect(host), ended]).catch(async (error: unknown) => {
      // A card that ends by itself is noticed by its lost connection first, but its log says why.
      await Promise.race([ended, delay(LAST_WORDS_MS)]);
      throw error;
    });
    if (this.#child !== child) {
      driver.close();
      throw new Error(`the ${this.name} was killed`);
    }
    this.#host = host;
    this.#peer = peer;
    this.#driver = driver;
    return driver;
  }

  async #ended(): Promise<number | null> {
    const driver = this.#driver;
    this.#child = undefined;
    this.#driver = undefined;
    this.#ready = undefined;
    const exitCode = await this.#gone;
    driver?.close();
    return exitCode;
  }

  #keep(line: string): void {
    this.onLogLine(line);
    this.#log.push(line);
    if (this.#log.length > LOG_LINES) this.#log.shift();
  }
}

const running = new Set<Child>();

/** For `afterEach`: no process outlives its test. */
export async function killAllCards(): Promise<void> {
  await Promise.all([...running].map((child) => new Promise<void>((resolve) => {
    child.once('close', () => { resolve(); });
    child.kill('SIGKILL');
  })));
}

async function hasOpen(pid: number | undefined, path: string): Promise<boolean> {
  if (pid === undefined) return false;
  const directory = `/proc/${String(pid)}/fd`;
  const files = await readdir(directory).catch(() => []);
  const open = await Promise.all(files.map((file) => readlink(join(directory, file)).catch(() => '')));
  return open.includes(path);
}
