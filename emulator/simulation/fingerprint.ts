const PRIME_ONE = 0x9e3779b1;
const PRIME_TWO = 0x85ebca6b;
/** Of the second half, as many bits as a double has room for beside the first. */
const HIGH_BITS = 21;
const UINT32 = 2 ** 32;

/** Tells one state from another: 53 bits, so that among a million states two share one with a chance of 1 in 18 000. */
export class Fingerprint {
  #one = 0x811c9dc5;
  #two = 0x01000193;

  add(word: number): void {
    this.#one = Math.imul(this.#one ^ word, PRIME_ONE) ^ (this.#one >>> 15);
    this.#two = Math.imul(this.#two ^ word, PRIME_TWO) ^ (this.#two >>> 13);
  }

  /** @param bytes a whole number of 32-bit words, which begin at one. */
  addBytes(bytes: Uint8Array): void {
    this.addWords(new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));
  }

  /** Zeroes count by how many they are: most of what there is. */
  addWords(words: Uint32Array): void {
    let zeroes = 0;
    for (const word of words) {
      if (word === 0) {
        zeroes += 1;
        continue;
      }
      if (zeroes > 0) this.add(zeroes);
      zeroes = 0;
      this.add(word);
    }
    this.add(zeroes);
  }

  get value(): number {
    return (this.#two >>> (32 - HIGH_BITS)) * UINT32 + (this.#one >>> 0);
  }
}
