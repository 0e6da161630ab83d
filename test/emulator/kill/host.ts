import { ConnectionLostError, type HostDriver } from '../../../host-driver/index.js';
import { BLOCK_BYTES, LONGEST_WRITE_BLOCKS, WRITERS } from './settings.js';
import { dataOf, type ModelWrite, type VolumeModel } from './volume-model.js';

export type Random = (below: number) => number;

/** Where the host works, in blocks. */
export interface Area {
  readonly firstBlock: number;
  readonly blocks: number;
}

/** Of a hundred commands; the rest are plain writes. */
const FLUSHES = 5;
const WRITE_ZEROES = 7;
const DISCARDS = 5;
const FUA_PERCENT = 20;
/** Commands that fall into the first so-many-th of their area, so that many of them overlap. */
const BUSY_PERCENT = 60;
const BUSY_SHARE = 16;

/**
 * A host with many commands in flight, that loses its card now and then: it goes on when the card is back. Any
 * other failure of a command ends it, and `failed` rejects.
 */
export class Host {
  readonly failed: Promise<never>;
  #fail: (error: unknown) => void = () => undefined;
  #driver: HostDriver | undefined;
  #paused = false;
  #stopping = false;
  #inFlight = 0;
  #acknowledged = 0;
  #lost = 0;
  #wake: (() => void)[] = [];
  #idle: (() => void)[] = [];
  readonly #writers: Promise<void>;

  constructor(
    private readonly model: VolumeModel,
    private readonly areas: readonly Area[],
    private readonly random: Random,
  ) {
    this.failed = new Promise<never>((_resolve, reject) => { this.#fail = reject; });
    this.failed.catch(() => undefined); // It may come while nobody waits.
    this.#writers = Promise.all(Array.from({ length: WRITERS }, () => this.#writer())).then(() => undefined);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Commands answered, and commands whose answer a kill has cost. */
  get counts(): { readonly acknowledged: number; readonly lost: number } {
    return { acknowledged: this.#acknowledged, lost: this.#lost };
  }

  /** The card serves. Finds out first what became of the commands that had no answer. */
  async attach(driver: HostDriver): Promise<void> {
    for (const block of this.model.uncertainBlocks()) {
      this.model.pin(block, await driver.read(block * BLOCK_BYTES, BLOCK_BYTES));
    }
    this.#driver = driver;
    this.#wakeAll();
  }

  /** The card is about to be killed: connections that are lost from now on are no failure. */
  detach(): void {
    this.#driver = undefined;
  }

  /** Resolves when nothing is in flight; nothing more is sent. */
  async pause(): Promise<void> {
    this.#paused = true;
    while (this.#inFlight > 0) await new Promise<void>((resolve) => { this.#idle.push(resolve); });
  }

  resume(): void {
    this.#paused = false;
    this.#wakeAll();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wakeAll();
    await this.#writers;
  }

  async #writer(): Promise<void> {
    while (!this.#stopping) {
      const driver = this.#paused ? undefined : this.#driver;
      if (driver === undefined) await new Promise<void>((resolve) => { this.#wake.push(resolve); });
      else await this.#commandOnce(driver);
    }
  }

  async #commandOnce(driver: HostDriver): Promise<void> {
    this.#inFlight += 1;
    try {
      await this.#command(driver);
      this.#acknowledged += 1;
    } catch (error) {
      this.#lost += 1;
      if (!(error instanceof ConnectionLostError) || driver === this.#driver) {
        this.#stopping = true;
        this.#fail(error);
      }
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) for (const idle of this.#idle.splice(0)) idle();
    }
  }

  /** Nothing is awaited between the model's begin and the submission: their order is the same. */
  async #command(driver: HostDriver): Promise<void> {
    const kind = this.random(100);
    if (kind < FLUSHES) {
      await driver.flush();
      return;
    }
    const fua = this.random(100) < FUA_PERCENT;
    const zeroes = kind < FLUSHES + WRITE_ZEROES + DISCARDS;
    const write = this.#next(zeroes ? 'zeroes' : 'data');
    const offsetBytes = write.firstBlock * BLOCK_BYTES;
    const lengthBytes = write.blocks * BLOCK_BYTES;
    if (!zeroes) await driver.write(offsetBytes, dataOf(write), { fua });
    else if (kind < FLUSHES + WRITE_ZEROES) await driver.writeZeroes(offsetBytes, lengthBytes, { fua });
    else await driver.discard(offsetBytes, lengthBytes);
    this.model.acknowledged(write);
  }

  #next(kind: ModelWrite['kind']): ModelWrite {
    const area = this.areas[this.random(this.areas.length)];
    if (area === undefined) throw new Error('a host without an area');
    const within = this.random(100) < BUSY_PERCENT ? Math.max(LONGEST_WRITE_BLOCKS, Math.floor(area.blocks / BUSY_SHARE)) : area.blocks;
    const blocks = 1 + this.random(LONGEST_WRITE_BLOCKS);
    return this.model.begin(kind, area.firstBlock + this.random(within - blocks + 1), blocks);
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
