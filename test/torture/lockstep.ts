import { BLOCK_BYTES } from '../../firmware/limits.js';
import type { CardStatus } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { isSynchronized } from '../emulator/kill/pair.js';
import { type Compared, T0Window } from '../emulator/kill/t0-image.js';
import { mustHoldAll, readAll } from '../emulator/kill/transfer.js';
import type { TorturedPair } from './tortured-pair.js';

/** What both cards said of themselves: the primary, then the secondary. */
export interface Seen {
  readonly p: CardStatus;
  readonly s: CardStatus;
  readonly synchronized: boolean;
}

/** Watches for the pair to be in lockstep, and holds it to what follows from that. */
export class Lockstep {
  /** Opened before both were seen in lockstep last: whatever a consistent secondary may hold since. */
  #window: T0Window | undefined;
  #was = false;

  constructor(private readonly pair: TorturedPair) {}

  /** Undefined when one of them does not say. */
  async look(): Promise<Seen | undefined> {
    const { pair } = this;
    const window = new T0Window(pair.model);
    // The primary is asked first: what it holds when it says so, the secondary holds when that says so.
    const p = await pair.ask(pair.primary, (driver) => driver.status());
    const s = p === undefined ? undefined : await pair.ask(pair.secondary, (driver) => driver.status());
    const synchronized = p !== undefined && s !== undefined && isInLockstep(p) && isInLockstep(s);
    if (synchronized) {
      this.#window?.close();
      this.#window = window;
      if (!this.#was) {
        pair.tally.count('synchronizations');
        pair.journal.note('both are synchronized');
      }
    } else {
      window.close();
    }
    if (p === undefined || s === undefined) return undefined;
    this.#was = synchronized;
    return { p, s, synchronized };
  }

  /**
   * Hosts stand still for a moment: both volumes are as hosts were told, and so the same (rule 11).
   * @returns whether the pair was in lockstep, and stayed up long enough to be read.
   * @throws Error that names the wrong blocks.
   */
  async compare(): Promise<boolean> {
    const { pair } = this;
    await pair.host.pause();
    try {
      for (const card of pair.cards) {
        const status = await pair.ask(card, (driver) => driver.status());
        if (status === undefined || !isInLockstep(status)) return false;
      }
      for (const card of pair.cards) {
        const read = await pair.ask(card, (driver) => mustHoldAll(`the ${card.name}, in lockstep`, driver, pair.model).then(() => true));
        if (read === undefined) return false;
      }
      pair.noteCompared();
      return true;
    } finally {
      pair.host.resume();
    }
  }

  /** Reads a secondary that is consistent and quiet, and compares it with what it may hold (rule 12). Undefined when it was killed meanwhile. */
  async readConsistent(): Promise<Uint8Array | undefined> {
    if (this.#window === undefined) return undefined;
    const content = await readSecondary(this.pair, this.#window, { name: 'the secondary, which is consistent', torn: true });
    if (content !== undefined) this.pair.tally.count('consistent');
    return content;
  }
}

/** Reads the whole secondary, which must be what an image says. Undefined when it was killed meanwhile. */
export async function readSecondary(pair: TorturedPair, image: T0Window, what?: Compared): Promise<Uint8Array | undefined> {
  const content = await pair.ask(pair.secondary, (driver) => readAll(driver, pair.model.blocks));
  if (content !== undefined) image.mustBe((block) => content.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES), what);
  return content;
}

function isInLockstep(status: CardStatus): boolean {
  return isSynchronized(status) && status.grainsOutOfSync === 0n;
}
