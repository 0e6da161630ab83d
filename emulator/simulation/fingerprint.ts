const PRIME_ONE = 0x9e3779b1;
const PRIME_TWO = 0x85ebca6b;
/** Of the second half, as many bits as a double has room for beside the first. */
const HIGH_BITS = 21;
const UINT32 = 2 ** 32;

/**
 * Tells one state from another: 53 bits, so that of a million states two share one with a chance of 1 in 18 000. What
 * has a place (a block, a line) can be taken out again and put in anew, in any order; so what a change does to a
 * fingerprint is the same whatever else is changed.
 */
export class Fingerprint {
  #one = 0;
  #two = 0;

  /** Puts the content of a place in, or takes it out if it is there. */
  toggle(place: number, content: number): void {
    this.#one ^= mixed(mixed(place + 1, PRIME_TWO) ^ content, PRIME_ONE);
    this.#two ^= mixed(mixed(place + 1, PRIME_ONE) ^ content, PRIME_TWO);
  }

  /**
   * Puts in all that another holds, or takes it out.
   * @param part which of up to 31 parts of the whole it is of: the same content in another part is something else.
   */
  toggleAll(other: Fingerprint, part = 0): void {
    this.#one ^= (other.#one << part) | (other.#one >>> (32 - part));
    this.#two ^= (other.#two << part) | (other.#two >>> (32 - part));
  }

  copyFrom(other: Fingerprint): void {
    this.#one = other.#one;
    this.#two = other.#two;
  }

  get value(): number {
    return (this.#two >>> (32 - HIGH_BITS)) * UINT32 + (this.#one >>> 0);
  }
}

/** Of some of these words: 0 for zeroes. */
export function hashOfWords(words: Uint32Array, first: number, count: number): number {
  let hash = 0;
  for (let i = first; i < first + count; i += 1) hash = Math.imul(hash ^ (words[i] ?? 0), 0x9e3779b1) ^ (hash >>> 15);
  return hash >>> 0;
}

/** @param bytes of whole words. */
export function hashOfBytes(bytes: Uint8Array): number {
  return hashOfWords(new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), 0, bytes.length / 4);
}

function mixed(word: number, prime: number): number {
  const product = Math.imul(word, prime);
  return Math.imul(product ^ (product >>> 15), 0x2c1b3c6d) ^ (product >>> 12);
}
