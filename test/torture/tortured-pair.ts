import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDirectory } from '../../emulator/card-directory.js';
import { HostModel } from '../../emulator/simulation/host-model.js';
import { Random } from '../../emulator/simulation/random.js';
import { BLOCK_BYTES } from '../../firmware/limits.js';
import type { HostDriver } from '../../host-driver/index.js';
import { statusName } from '../../protos/status/sentences.js';
import { Host } from '../emulator/kill/host.js';
import { textOf } from '../emulator/kill/pair.js';
import { fill, mustHoldAll } from '../emulator/kill/transfer.js';
import { namesOf } from '../emulator/kill/victims.js';
import { CardInProcess } from '../emulator/processes/card-in-process.js';
import type { Journal } from './journal.js';
import { LinkProxy } from './link-proxy.js';
import { AREAS, FILLED, GRAIN_BYTES, STORE_BYTES, VOLUME_BYTES } from './settings.js';
import type { Tally } from './tally.js';

const OLD_BYTE = 0xa5;
const HOST_STREAM = 1;

/** Two cards in processes of their own, the proxy between them, and the hosts of the primary. */
export class TorturedPair {
  readonly model = new HostModel(VOLUME_BYTES / BLOCK_BYTES);
  readonly host: Host;
  /** Hosts of the secondary, while it gives them access. */
  guests: Host | undefined;
  /** Rejects when a card ends by itself, or a host is told or given something wrong. */
  readonly failed: Promise<never>;
  #awaitingComparison: (() => void)[] = [];
  #fail: (error: unknown) => void = () => undefined;

  private constructor(
    readonly primary: CardInProcess,
    readonly secondary: CardInProcess,
    readonly proxy: LinkProxy,
    readonly tally: Tally,
    readonly journal: Journal,
    seed: number,
  ) {
    const random = new Random(seed, HOST_STREAM);
    this.host = new Host(this.model, AREAS, (below) => random.below(below));
    this.failed = new Promise<never>((_resolve, reject) => { this.#fail = reject; });
    this.failed.catch(() => undefined); // It may come while nobody waits.
    for (const failed of [primary.failed, secondary.failed, this.host.failed]) this.failsWith(failed);
  }

  /** It must not reject. */
  failsWith(work: Promise<unknown>): void {
    work.catch(this.#fail);
  }

  /** Both are formatted, on disks that held something else before (rule 19), and off. */
  static async format(directory: string, seed: number, tally: Tally, journal: Journal): Promise<TorturedPair> {
    const [primary, secondary] = await Promise.all(['primary', 'secondary'].map(async (name) => {
      const path = join(directory, name);
      await mkdir(path);
      await writeFile(join(path, 'volume.000'), Buffer.alloc(VOLUME_BYTES, OLD_BYTE));
      await formatDirectory(path, { sizeBytes: VOLUME_BYTES, grainBytes: GRAIN_BYTES, storeBytes: STORE_BYTES });
      return new CardInProcess(name, path, 0, (line) => { journal.lineTo(name, line); });
    }));
    if (primary === undefined || secondary === undefined) throw new Error('two cards were made');
    return new TorturedPair(primary, secondary, await LinkProxy.listen((fault, way) => { journal.note(`link: ${fault} ${way ?? ''}`); }), tally, journal, seed);
  }

  get cards(): readonly CardInProcess[] {
    return [this.primary, this.secondary];
  }

  /** `work`, unless the pair fails before. */
  async orFail<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.failed]);
  }

  /** Switches both on, and lets the hosts begin. */
  async begin(): Promise<void> {
    for (const card of this.cards) card.switchOn();
    await fill(await this.primary.ready(), this.model, FILLED);
    await Promise.all(this.cards.map((card) => this.serve(card)));
  }

  /** SIGKILL, at once: in the turn in which this is called. */
  async kill(cards: readonly CardInProcess[]): Promise<void> {
    for (const card of cards) this.#goesOff(card);
    this.journal.note(`kill ${namesOf(cards)}, with ${String(this.host.inFlight)} host commands in flight`);
    await Promise.all(cards.map((card) => card.kill()));
  }

  /** SIGTERM, and on again. Hosts wait meanwhile: a card that shuts down answers what it has begun, and no more. */
  async restart(card: CardInProcess): Promise<void> {
    this.journal.note(`restart ${card.name}`);
    const host = card === this.primary ? this.host : this.guests;
    await host?.pause();
    this.#goesOff(card);
    await card.shutDown();
    card.switchOn();
    await this.serve(card);
    host?.resume();
  }

  /** Waits until a card that was switched on serves. The primary is compared with what its hosts know, before they go on. Returns at once when it is killed. */
  async serve(card: CardInProcess): Promise<void> {
    const { pid } = card;
    try {
      const driver = await card.ready();
      await this.#noteFound(card, driver);
      if (card !== this.primary) return;
      this.proxy.primaryAddress = card.peer;
      await mustHoldAll('the primary, when it was switched on again', driver, this.model);
      this.tally.count('checks');
      await this.host.attach(driver);
    } catch (error) {
      if (card.pid === pid) throw error;
    }
  }

  /** Asks a card for something. Undefined when it is off, or was killed before it answered. */
  async ask<T>(card: CardInProcess, work: (driver: HostDriver) => Promise<T>): Promise<T | undefined> {
    if (!card.serves) return undefined;
    const { driver, pid } = card;
    try {
      return await work(driver);
    } catch (error) {
      if (card.pid === pid) throw error;
      return undefined;
    }
  }

  /** Both volumes were found to be the same. */
  noteCompared(): void {
    this.tally.count('comparisons');
    this.journal.note('both volumes are the same, and as hosts were told');
    for (const compared of this.#awaitingComparison.splice(0)) compared();
  }

  /** Resolves when both volumes have been compared the next time. */
  async compared(): Promise<void> {
    await new Promise<void>((resolve) => { this.#awaitingComparison.push(resolve); });
  }

  /** What both cards say of themselves. */
  async describe(): Promise<string> {
    const texts = await Promise.all(this.cards.map(async (card) => {
      const status = await this.ask(card, (driver) => driver.status()).catch((error: unknown) => String(error));
      return `the ${card.name}: ${status === undefined ? 'does not answer' : typeof status === 'string' ? status : textOf(status)}`;
    }));
    return texts.join('\n');
  }

  #goesOff(card: CardInProcess): void {
    if (card === this.secondary) {
      this.guests?.detach();
      return;
    }
    this.host.detach();
    this.proxy.primaryAddress = undefined;
  }

  async #noteFound(card: CardInProcess, driver: HostDriver): Promise<void> {
    const { errors } = await driver.status();
    for (const { status, detail } of errors) this.journal.note(`the ${card.name} found at boot: ${statusName(status)} ${detail}`);
    this.tally.count('found', errors.length);
  }
}
