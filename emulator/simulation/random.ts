const UINT32 = 2 ** 32;
/** Draws that mix the seed in before the first one counts. */
const WARM_UP = 12;

/**
 * Seeded randomness: sfc32, by Chris Doty-Humphrey, which passes PractRand. Integers only, so that the same seed
 * gives the same draws on every machine.
 */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 0;

  /** @param stream draws of one seed that have nothing to do with each other. */
  constructor(
    seed: number,
    private readonly stream = 0,
  ) {
    this.reseed(seed);
  }

  /** Draws from here on as a new one of that seed, of the same stream, would. */
  reseed(seed: number): void {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / UINT32) >>> 0;
    this.#c = this.stream >>> 0;
    this.#counter = 1;
    for (let i = 0; i < WARM_UP; i += 1) this.bits();
  }

  /** 32 bits. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }

  /** A whole number, 0 ≤ x < `end`. */
  below(end: number): number {
    return Math.floor((this.bits() / UINT32) * end);
  }

  /** A whole number, `least` ≤ x ≤ `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.bits() / UINT32 < probability;
  }

  /** @throws Error when there is none to pick. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  fill(into: Uint8Array): void {
    for (let i = 0; i < into.length; i += 1) into[i] = this.bits();
  }
}
