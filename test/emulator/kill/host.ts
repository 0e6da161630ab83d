import { type Block, blocksOf, ZERO_BLOCK } from '../../../emulator/simulation/block.js';
import { faultsOf, type HostModel, type ModelWrite } from '../../../emulator/simulation/host-model.js';
import { markedBlocks } from '../../../emulator/simulation/marked-blocks.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { ConnectionLostError, type HostDriver } from '../../../host-driver/index.js';
import { LONGEST_COMMAND_BLOCKS, WRITERS } from './settings.js';

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
const READS = 12;
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
  /** Those who want it to stand still. */
  #pauses = 0;
  #stopping = false;
  #inFlight = 0;
  #acknowledged = 0;
  #lost = 0;
  #wake: (() => void)[] = [];
  #idle: (() => void)[] = [];
  readonly #writers: Promise<void>;

  constructor(
    private readonly model: HostModel,
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
    for (const { firstBlock, blocks } of runsOf(this.model.uncertainBlocks())) {
      const content = await driver.read(firstBlock * BLOCK_BYTES, blocks * BLOCK_BYTES);
      for (const [index, block] of blocksOf(content).entries()) this.#settle(firstBlock + index, block);
    }
    this.#driver = driver;
    this.#wakeAll();
  }

  /** The card is about to be killed: connections that are lost from now on are no failure. */
  detach(): void {
    this.#driver = undefined;
  }

  get paused(): boolean {
    return this.#pauses > 0;
  }

  /** Resolves when nothing is in flight; nothing more is sent until as many calls of {@link resume}. */
  async pause(): Promise<void> {
    this.#pauses += 1;
    while (this.#inFlight > 0) await new Promise<void>((resolve) => { this.#idle.push(resolve); });
  }

  resume(): void {
    this.#pauses -= 1;
    if (!this.paused) this.#wakeAll();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wakeAll();
    await this.#writers;
  }

  #settle(block: number, content: Block): void {
    const [fault] = faultsOf(() => content, [block], this.model.afterCut);
    if (fault !== undefined) throw new Error(`after the kill ${fault}`);
    this.model.settle(block, content);
  }

  async #writer(): Promise<void> {
    while (!this.#stopping) {
      const driver = this.paused ? undefined : this.#driver;
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

  /** Nothing is awaited between what the model is told and the submission: their order is the same. */
  async #command(driver: HostDriver): Promise<void> {
    const kind = this.random(100);
    const fua = this.random(100) < FUA_PERCENT;
    if (kind < FLUSHES) await driver.flush();
    else if (kind < FLUSHES + READS) await this.#read(driver);
    else if (kind < FLUSHES + READS + DISCARDS) await this.#clear(false, (offsetBytes, lengthBytes) => driver.discard(offsetBytes, lengthBytes));
    else if (kind < FLUSHES + READS + DISCARDS + WRITE_ZEROES) await this.#clear(fua, (offsetBytes, lengthBytes) => driver.writeZeroes(offsetBytes, lengthBytes, { fua }));
    else await this.#write(driver, fua);
  }

  async #write(driver: HostDriver, fua: boolean): Promise<void> {
    const { firstBlock, blocks } = this.#next();
    const write = this.model.write(firstBlock, blocks, fua);
    await driver.write(firstBlock * BLOCK_BYTES, markedBlocks(firstBlock, blocks, write.mark), { fua });
    acknowledged(this.model, write);
  }

  async #clear(fua: boolean, clear: (offsetBytes: number, lengthBytes: number) => Promise<void>): Promise<void> {
    const { firstBlock, blocks } = this.#next();
    const write = this.model.zero(firstBlock, blocks, fua);
    await clear(firstBlock * BLOCK_BYTES, blocks * BLOCK_BYTES);
    acknowledged(this.model, write);
  }

  async #read(driver: HostDriver): Promise<void> {
    const { firstBlock, blocks } = this.#next();
    const read = this.model.read(firstBlock, blocks);
    try {
      const content = await driver.read(firstBlock * BLOCK_BYTES, blocks * BLOCK_BYTES);
      const found = blocksOf(content);
      const fault = this.model.faultOfRead(read, (index) => found[index] ?? ZERO_BLOCK);
      if (fault !== undefined) throw new Error(fault);
    } finally {
      read.end();
    }
  }

  #next(): Area {
    const area = this.areas[this.random(this.areas.length)];
    if (area === undefined) throw new Error('a host without an area');
    const within = this.random(100) < BUSY_PERCENT ? Math.max(LONGEST_COMMAND_BLOCKS, Math.floor(area.blocks / BUSY_SHARE)) : area.blocks;
    const blocks = 1 + this.random(LONGEST_COMMAND_BLOCKS);
    return { firstBlock: area.firstBlock + this.random(within - blocks + 1), blocks };
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** What a card has answered survives its process (docs/protocol.md), with FUA or without. */
export function acknowledged(model: HostModel, write: ModelWrite): void {
  model.acknowledge(write);
  model.makeDurable([write]);
}

/** @param blocks ascending. */
function runsOf(blocks: readonly number[]): Area[] {
  const runs: { firstBlock: number; blocks: number }[] = [];
  for (const block of blocks) {
    const last = runs.at(-1);
    if (last !== undefined && block === last.firstBlock + last.blocks) last.blocks += 1;
    else runs.push({ firstBlock: block, blocks: 1 });
  }
  return runs;
}
