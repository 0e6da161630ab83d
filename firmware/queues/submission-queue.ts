import { entriesMoved } from './ring-distance.js';

/**
 * A submission queue: a ring of `depth` slots. The port puts a command into the slot at the tail and rings
 * the tail doorbell; the card fetches up to the doorbell.
 */
export class SubmissionQueue<Entry> {
  readonly #slots: (Entry | undefined)[];
  #head = 0;
  #doorbell = 0;
  /** Behind the doorbell, and put beyond it. */
  #rung = 0;
  #put = 0;

  constructor(readonly depth: number) {
    this.#slots = new Array<Entry | undefined>(depth).fill(undefined);
  }

  /** How far the card has consumed the queue. */
  get head(): number {
    return this.#head;
  }

  /** The tail doorbell as last rung. */
  get doorbell(): number {
    return this.#doorbell;
  }

  /** The slot that is filled next: what the doorbell is rung with to tell of all before it. */
  get tail(): number {
    return (this.#doorbell + this.#put) % this.depth;
  }

  /** Puts an entry into the slot at the tail. Returns false, and does nothing, when all slots are taken. */
  put(entry: Entry): boolean {
    if (this.#rung + this.#put === this.depth) return false;
    this.#slots[this.tail] = entry;
    this.#put += 1;
    return true;
  }

  /** Returns false, and does nothing, when `tail` is outside the ring or names slots that were not filled. */
  ring(tail: number): boolean {
    const entries = entriesMoved(this.#doorbell, tail, this.depth, this.#put);
    if (entries === undefined) return false;
    this.#doorbell = tail;
    this.#put -= entries;
    this.#rung += entries;
    return true;
  }

  /** Takes the oldest entry that the doorbell tells of; its slot is free again. */
  fetch(): Entry | undefined {
    if (this.#rung === 0) return undefined;
    const entry = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.depth;
    this.#rung -= 1;
    return entry;
  }
}
