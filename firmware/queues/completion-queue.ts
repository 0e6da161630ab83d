import { entriesMoved } from './ring-distance.js';

/**
 * A completion queue: a ring of `depth` slots. The card posts at the tail; the port takes what is posted,
 * sends it, and rings the head doorbell when it is sent. A slot is taken until then, so a host that does not
 * read its completions fills its queue, and nothing else.
 */
export class CompletionQueue<Entry> {
  readonly #slots: (Entry | undefined)[];
  #head = 0;
  #taken = 0;
  #untaken = 0;
  #phase = true;

  constructor(readonly depth: number) {
    this.#slots = new Array<Entry | undefined>(depth).fill(undefined);
  }

  /** The head doorbell as last rung. */
  get head(): number {
    return this.#head;
  }

  get tail(): number {
    return (this.#head + this.#taken + this.#untaken) % this.depth;
  }

  get full(): boolean {
    return this.#taken + this.#untaken === this.depth;
  }

  /** Phase bit of the slot at the tail: true in the first round, inverted each time the queue wraps. */
  get phase(): boolean {
    return this.#phase;
  }

  /** Returns false, and does nothing, when full. */
  post(entry: Entry): boolean {
    if (this.full) return false;
    this.#slots[this.tail] = entry;
    this.#untaken += 1;
    if (this.tail === 0) this.#phase = !this.#phase;
    return true;
  }

  /** The oldest entry that was not taken yet. Its slot stays taken until the head doorbell is rung. */
  take(): Entry | undefined {
    if (this.#untaken === 0) return undefined;
    const at = (this.#head + this.#taken) % this.depth;
    const entry = this.#slots[at];
    this.#slots[at] = undefined;
    this.#taken += 1;
    this.#untaken -= 1;
    return entry;
  }

  /** Returns false, and does nothing, when `head` is outside the ring or names entries that were not taken. */
  ring(head: number): boolean {
    const entries = entriesMoved(this.#head, head, this.depth, this.#taken);
    if (entries === undefined) return false;
    this.#head = head;
    this.#taken -= entries;
    return true;
  }
}
