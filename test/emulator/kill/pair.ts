import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { formatDirectory } from '../../../emulator/card-directory.js';
import { HostModel } from '../../../emulator/simulation/host-model.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { enumWord } from '../../../emulator/cli/enum-words.js';
import { type CardStatus, RelationshipState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { statusName } from '../../../protos/status/sentences.js';
import { CardInProcess } from '../processes/card-in-process.js';
import { compareSwitchedOff } from './comparison.js';
import { type Area, Host, type Random } from './host.js';
import { Kills } from './kills.js';
import { peerPort } from '../processes/ports.js';
import { PATIENCE_MS, POLL_MS } from './settings.js';
import { mustHoldAll } from './transfer.js';

const OLD_BYTE = 0xa5;

export interface PairOptions {
  readonly directory: string;
  readonly sizeBytes: number;
  readonly random: Random;
  /** Where the host works. */
  readonly areas: readonly Area[];
}

/** Two cards in processes of their own, and a host that works on the primary. */
export class Pair {
  readonly kills = new Kills();

  private constructor(
    readonly primary: CardInProcess,
    readonly secondary: CardInProcess,
    readonly model: HostModel,
    readonly host: Host,
    readonly random: Random,
  ) {}

  /** Both are formatted and off. */
  static async format({ directory, sizeBytes, random, areas }: PairOptions): Promise<Pair> {
    const cards: CardInProcess[] = [];
    for (const name of ['primary', 'secondary']) {
      const path = join(directory, name);
      // A disk that held something else before (rule 19).
      await mkdir(path);
      await writeFile(join(path, 'volume.000'), Buffer.alloc(sizeBytes, OLD_BYTE));
      await formatDirectory(path, { sizeBytes });
      cards.push(new CardInProcess(name, path, await peerPort()));
    }
    const [primary, secondary] = cards;
    if (primary === undefined || secondary === undefined) throw new Error('two cards were made');
    const model = new HostModel(sizeBytes / BLOCK_BYTES);
    return new Pair(primary, secondary, model, new Host(model, areas, random), random);
  }

  /** Switches a card on, and lets the host go on when it is the primary. Rejects when it is killed meanwhile. */
  async switchOn(card: CardInProcess): Promise<void> {
    card.switchOn();
    await this.serve(card);
  }

  /** Waits until a card that was switched on serves. */
  async serve(card: CardInProcess): Promise<void> {
    const driver = await this.orFail(card.ready());
    if (card === this.primary) await this.host.attach(driver);
  }

  /** SIGKILL, at once: in the turn in which this is called. */
  async kill(cards: readonly CardInProcess[]): Promise<void> {
    if (cards.includes(this.primary)) this.host.detach();
    await Promise.all(cards.map((card) => card.kill()));
  }

  /** Waits until both say that they are in lockstep and nothing is out-of-sync, with the host at work. */
  async untilSynchronized(): Promise<void> {
    await this.until('the pair finds itself again', async () => {
      const [p, s] = await this.statuses();
      return isSynchronized(p) && isSynchronized(s) && p.grainsOutOfSync === 0n;
    });
  }

  /** Compares cards with what the host knows, while it stands still. A secondary has to be synchronized. */
  async mustHoldEverything(cards: readonly CardInProcess[] = [this.primary, this.secondary]): Promise<void> {
    await this.orFail(this.host.pause());
    for (const card of cards) await mustHoldAll(`the ${card.name}`, card.driver, this.model);
    this.host.resume();
  }

  /** The end of a scenario: everything settles, both are shut down, and their files are compared. */
  async endAndCompare(): Promise<void> {
    await this.untilSynchronized();
    await this.orFail(this.host.pause());
    await this.until('every write is durable on both', async () => (await this.primary.driver.status()).grainsInIntent === 0n);
    await this.host.stop();
    this.host.detach();
    await this.primary.shutDown();
    await this.secondary.shutDown();
    await compareSwitchedOff(this.primary.directory, this.secondary.directory, this.model);
  }

  async statuses(): Promise<[CardStatus, CardStatus]> {
    return Promise.all([this.primary.driver.status(), this.secondary.driver.status()]);
  }

  /** Looks again and again. @throws Error when it does not come about. */
  async until(what: string, wished: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (!(await this.orFail(wished()))) {
      if (performance.now() > deadlineMs) throw new Error(`this did not come within ${String(PATIENCE_MS / 1000)} s: ${what}`);
      await delay(POLL_MS);
    }
  }

  /** `work`, unless the host fails before. */
  async orFail<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.host.failed]);
  }

  /** Up to `mostMs`. */
  async pause(mostMs: number): Promise<void> {
    await this.orFail(delay(this.random(mostMs + 1)));
  }

  /** Everything that helps to understand a failure. */
  async report(): Promise<string> {
    const lines = [this.kills.story];
    for (const card of [this.primary, this.secondary]) {
      const status = card.serves ? await card.driver.status().catch(() => undefined) : undefined;
      lines.push(`the ${card.name}: ${status === undefined ? 'does not answer' : textOf(status)}`, card.log());
    }
    return lines.join('\n');
  }
}

export function isSynchronized({ state }: CardStatus): boolean {
  return state === RelationshipState.CONSISTENT_SYNCHRONIZED;
}

export function textOf(status: CardStatus): string {
  const { grainsOutOfSync, grainsInIntent, linkStatus, linkDetail, errors } = status;
  const found = errors.map((error) => `${statusName(error.status)} ${error.detail}`).join('; ');
  return `${enumWord(RelationshipState, status.state)}, ${String(grainsOutOfSync)} out-of-sync, ${String(grainsInIntent)} in intent, link ${statusName(linkStatus)} ${linkDetail}, errors: ${found}`;
}
