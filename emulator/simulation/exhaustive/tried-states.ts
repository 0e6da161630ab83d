const SLOT_BYTES = BigUint64Array.BYTES_PER_ELEMENT;
/** Slots of the largest table, of which all are asked for and only those that are used take memory: 512 MiB. */
const MOST_SLOTS = 2 ** 26;
/** From this share on a state is found slowly. Sequences that are under way by then still find room. */
const FULL_SHARE = 0.75;
/** Beside the fingerprint of a state, which has 53 bits: how thoroughly it was tried. */
const LEVEL_BITS = 2n;
const LEVEL_MASK = (1n << LEVEL_BITS) - 1n;
const EMPTY = 0n;

/**
 * The crash states that were tried, by their fingerprints: one table for all threads, so that none tries what another
 * has tried or is just trying.
 */
export class TriedStates {
  readonly #slots: BigUint64Array<SharedArrayBuffer>;

  /** @param memory as {@link memoryFor} gives it; the same for all threads. */
  constructor(readonly memory: SharedArrayBuffer) {
    this.#slots = new BigUint64Array(memory);
  }

  /** @param states that are to find room; as many as can be if nobody says. */
  static memoryFor(states = Infinity): SharedArrayBuffer {
    const slots = Math.min(MOST_SLOTS, 2 ** Math.ceil(Math.log2(states / FULL_SHARE)));
    return new SharedArrayBuffer(slots * SLOT_BYTES);
  }

  /** So many states can be told apart. */
  get room(): number {
    return this.#slots.length * FULL_SHARE;
  }

  /**
   * Takes it on to try a state.
   * @param level how thoroughly: 0 to 2.
   * @returns `known` when it was tried as thoroughly, by whomever; `better` when it was, but less thoroughly.
   */
  claim(state: number, level: number): 'new' | 'better' | 'known' {
    const slots = this.#slots;
    const fingerprint = BigInt(state) << LEVEL_BITS;
    const claimed = fingerprint | BigInt(level + 1);
    for (let at = state % slots.length, left = slots.length; left > 0; at = (at + 1) % slots.length, left -= 1) {
      let held = Atomics.load(slots, at);
      if (held === EMPTY) {
        held = Atomics.compareExchange(slots, at, EMPTY, claimed);
        if (held === EMPTY) return 'new';
      }
      // Another thread may be just as thorough meanwhile, or more so.
      while ((held & ~LEVEL_MASK) === fingerprint) {
        if (held >= claimed) return 'known';
        const before = Atomics.compareExchange(slots, at, held, claimed);
        if (before === held) return 'better';
        held = before;
      }
    }
    throw new Error('there are more crash states than can be told apart');
  }
}
