/**
 * One bit a grain over memory that the caller owns: bit g is bit g % 8 of byte g / 8. Knows how many
 * are set. Bits past the last grain stay clear.
 */
export class Bitmap {
  readonly #words: Uint32Array;
  #count: number;

  /** @param bytes starts at a multiple of 4, and is a multiple of 4 long. */
  constructor(
    readonly bytes: Uint8Array,
    readonly bits: number,
  ) {
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    this.#clearTail();
    this.#count = this.#recount();
  }

  get count(): number {
    return this.#count;
  }

  has(bit: number): boolean {
    return ((this.#word(bit >>> 5) >>> (bit & 31)) & 1) === 1;
  }

  set(bit: number): void {
    const index = bit >>> 5;
    const before = this.#word(index);
    const after = (before | (1 << (bit & 31))) >>> 0;
    if (after === before) return;
    this.#words[index] = after;
    this.#count += 1;
  }

  clear(bit: number): void {
    const index = bit >>> 5;
    const before = this.#word(index);
    const after = (before & ~(1 << (bit & 31))) >>> 0;
    if (after === before) return;
    this.#words[index] = after;
    this.#count -= 1;
  }

  setRange(first: number, bits: number): void {
    this.#fillRange(first, bits, 0xffffffff);
  }

  clearRange(first: number, bits: number): void {
    this.#fillRange(first, bits, 0);
  }

  /** Takes over another map of the same length. */
  copyFrom(other: Bitmap): void {
    this.#words.set(other.#words);
    this.#count = other.#count;
  }

  /** The first set bit at or after `from`; `bits` when there is none. */
  nextSet(from: number): number {
    return this.#next(from, 0);
  }

  /** The first clear bit at or after `from`; `bits` when there is none. */
  nextClear(from: number): number {
    return this.#next(from, 0xffffffff);
  }

  #next(from: number, flip: number): number {
    if (from >= this.bits) return this.bits;
    let index = from >>> 5;
    let word = ((this.#word(index) ^ flip) & (0xffffffff << (from & 31))) >>> 0;
    while (word === 0) {
      index += 1;
      if (index >= this.#words.length) return this.bits;
      word = (this.#word(index) ^ flip) >>> 0;
    }
    return Math.min(this.bits, index * 32 + 31 - Math.clz32(word & -word));
  }

  #fillRange(first: number, bits: number, fill: number): void {
    const end = first + bits;
    let at = first;
    while (at < end) {
      const index = at >>> 5;
      const low = at & 31;
      const taken = Math.min(32 - low, end - at);
      const mask = taken === 32 ? 0xffffffff : ((1 << taken) - 1) << low;
      const before = this.#word(index);
      const after = ((before & ~mask) | (fill & mask)) >>> 0;
      this.#words[index] = after;
      this.#count += popcount(after) - popcount(before);
      at += taken;
    }
  }

  #clearTail(): void {
    for (let bit = this.bits; bit < this.#words.length * 32; bit += 1) {
      const index = bit >>> 5;
      this.#words[index] = (this.#word(index) & ~(1 << (bit & 31))) >>> 0;
    }
  }

  #recount(): number {
    let count = 0;
    for (const word of this.#words) count += popcount(word);
    return count;
  }

  #word(index: number): number {
    return this.#words[index] ?? 0;
  }
}

function popcount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
