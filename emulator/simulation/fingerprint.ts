const PRIME_ONE = 0x9e3779b1;
const PRIME_TWO = 0x85ebca6b;
/** Of the second half, as many bits as a double has room for beside the first. */
const HIGH_BITS = 21;
const UINT32 = 2 ** 32;

/**
 * Tells one state from another: 53 bits, so that of a million states two share one with a chance of 1 in 18 000.
 * What has a place (a block, a line) can be taken out again and put in anew; the rest is taken in order.
 */
export class Fingerprint {
  #one = 0x811c9dc5;
  #two = 0x01000193;

  add(word: number): void {
    this.#one = mixed(this.#one ^ word, PRIME_ONE);
    this.#two = mixed(this.#two ^ word, PRIME_TWO);
  }

  /** Puts the content of a place in, or takes it out if it is there. */
  toggle(place: number, content: number): void {
    this.#one ^= mixed(mixed(place + 1, PRIME_TWO) ^ content, PRIME_ONE);
    this.#two ^= mixed(mixed(place + 1, PRIME_ONE) ^ content, PRIME_TWO);
  }

  /** @param bytes which begin at a 32-bit word. */
  addBytes(bytes: Uint8Array): void {
    const words = Math.floor(bytes.length / 4);
    for (const word of new Uint32Array(bytes.buffer, bytes.byteOffset, words)) this.add(word);
    for (const byte of bytes.subarray(words * 4)) this.add(byte);
  }

  addAll(other: Fingerprint): void {
    this.add(other.#one);
    this.add(other.#two);
  }

  copyFrom(other: Fingerprint): void {
    this.#one = other.#one;
    this.#two = other.#two;
  }

  get value(): number {
    return (this.#two >>> (32 - HIGH_BITS)) * UINT32 + (this.#one >>> 0);
  }
}

function mixed(word: number, prime: number): number {
  const product = Math.imul(word, prime);
  return Math.imul(product ^ (product >>> 15), 0x2c1b3c6d) ^ (product >>> 12);
}
