import { blocksOf } from '../../emulator/simulation/block.js';
import { HostModel } from '../../emulator/simulation/host-model.js';
import { Host } from '../emulator/kill/host.js';
import { mustHoldAll } from '../emulator/kill/transfer.js';
import { GUEST_AREAS } from './settings.js';
import type { TorturedPair } from './tortured-pair.js';

/** Hosts of a secondary that was given access (rule 16), with a model of their own: until their writes are given up. */
export class Guests {
  private readonly host: Host;
  #pid: number | undefined;
  #paused = false;

  private constructor(
    private readonly pair: TorturedPair,
    private readonly model: HostModel,
    random: (below: number) => number,
  ) {
    this.host = new Host(model, GUEST_AREAS, random);
    pair.failsWith(this.host.failed);
    pair.guests = this.host;
  }

  /** @param content of the whole secondary, to which nobody has written yet. */
  static welcome(pair: TorturedPair, content: Uint8Array, random: (below: number) => number): Guests {
    const model = new HostModel(pair.model.blocks);
    for (const [index, block] of blocksOf(content).entries()) model.settle(index, block);
    return new Guests(pair, model, random);
  }

  /** Lets them work, if the secondary serves. When it was killed meanwhile, it is compared with what they know before. */
  async work(): Promise<void> {
    const { secondary } = this.pair;
    const { pid } = secondary;
    if (this.#paused) this.host.resume();
    this.#paused = false;
    if (pid === this.#pid) return;
    await this.pair.ask(secondary, async (driver) => {
      await mustHoldAll('the secondary, which its hosts write to', driver, this.model);
      await this.host.attach(driver);
      this.#pid = pid;
    });
  }

  /** Resolves when none of their commands is under way. */
  async pause(): Promise<void> {
    if (this.#paused) return;
    this.#paused = true;
    await this.host.pause();
  }

  async leave(): Promise<void> {
    this.pair.guests = undefined;
    await this.host.stop();
  }
}
