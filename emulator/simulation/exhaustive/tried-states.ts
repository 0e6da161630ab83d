/** Two words a slot: the low half of a fingerprint, and above a level the rest of it. */
const SLOT_WORDS = 2;
const SLOT_BYTES = SLOT_WORDS * Int32Array.BYTES_PER_ELEMENT;
/** Slots of the largest table, of which all are asked for and only those that are used take memory: 512 MiB. */
const MOST_SLOTS = 2 ** 26;
/** From this share on a state is found slowly. Sequences that are under way by then still find room. */
const FULL_SHARE = 0.75;
/** Of the level; a fingerprint has 21 bits more than 32. */
const LEVEL_BITS = 3;
const LEVEL_MASK = (1 << LEVEL_BITS) - 1;
/** In place of a level: whoever claims the slot has not written the other word yet. */
const BEING_WRITTEN = LEVEL_MASK;
const EMPTY = 0;
const UINT32 = 2 ** 32;

/**
 * The crash states that were tried, by their fingerprints: one table for all threads, so that none tries what another
 * has tried or is just trying.
 */
export class TriedStates {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #slots: number;

  /** @param memory as {@link memoryFor} gives it; the same for all threads. */
  constructor(readonly memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#slots = memory.byteLength / SLOT_BYTES;
  }

  /** @param states that are to find room; as many as can be if nobody says. */
  static memoryFor(states = Infinity): SharedArrayBuffer {
    const slots = Math.min(MOST_SLOTS, 2 ** Math.ceil(Math.log2(states / FULL_SHARE)));
    return new SharedArrayBuffer(slots * SLOT_BYTES);
  }

  /** So many states can be told apart. */
  get room(): number {
    return this.#slots * FULL_SHARE;
  }

  /**
   * Takes it on to try a state.
   * @param level how thoroughly: 0 to 2.
   * @returns `known` when it was tried as thoroughly, by whomever; `better` when it was, but less thoroughly.
   */
  claim(state: number, level: number): 'new' | 'better' | 'known' {
    const low = state | 0;
    const high = Math.floor(state / UINT32) << LEVEL_BITS;
    for (let slot = state % this.#slots, left = this.#slots; left > 0; slot = (slot + 1) % this.#slots, left -= 1) {
      const outcome = this.#claimIn(slot * SLOT_WORDS, low, high, level + 1);
      if (outcome !== undefined) return outcome;
    }
    throw new Error('there are more crash states than can be told apart');
  }

  /** @returns undefined when another state is there. */
  #claimIn(at: number, low: number, high: number, level: number): 'new' | 'better' | 'known' | undefined {
    const words = this.#words;
    for (;;) {
      const held = Atomics.load(words, at + 1);
      if (held === EMPTY) {
        if (Atomics.compareExchange(words, at + 1, EMPTY, high | BEING_WRITTEN) !== EMPTY) continue;
        Atomics.store(words, at, low);
        Atomics.store(words, at + 1, high | level);
        return 'new';
      }
      if ((held & LEVEL_MASK) === BEING_WRITTEN) continue;
      if ((held & ~LEVEL_MASK) !== high || Atomics.load(words, at) !== low) return undefined;
      if ((held & LEVEL_MASK) >= level) return 'known';
      // Another thread may be more thorough meanwhile.
      if (Atomics.compareExchange(words, at + 1, held, high | level) === held) return 'better';
    }
  }
}
