/** Grains of a volume, a bit each. */
export class GrainSet {
  /** Eight to a byte, the first the lowest. */
  readonly bytes: Uint8Array;

  constructor(readonly grains: number) {
    this.bytes = new Uint8Array(Math.ceil(grains / 8));
  }

  has(grain: number): boolean {
    return (((this.bytes[grain >>> 3] ?? 0) >>> (grain & 7)) & 1) === 1;
  }

  /** @returns false when it was there already, or is none of the volume's. */
  add(grain: number): boolean {
    if (grain >= this.grains || this.has(grain)) return false;
    this.bytes[grain >>> 3] = (this.bytes[grain >>> 3] ?? 0) | (1 << (grain & 7));
    return true;
  }

  /** Adds some of the eight grains from `first` on, a multiple of eight. */
  addOfEight(first: number, bits: number): void {
    const exist = this.grains - first < 8 ? (1 << (this.grains - first)) - 1 : 0xff;
    this.bytes[first >>> 3] = (this.bytes[first >>> 3] ?? 0) | (bits & exist);
  }

  addRange(first: number, grains: number): void {
    for (let grain = first; grain < first + grains; grain += 1) this.add(grain);
  }

  /** @param other of the same volume. */
  addAll(other: GrainSet): void {
    for (let index = 0; index < this.bytes.length; index += 1) this.bytes[index] = (this.bytes[index] ?? 0) | (other.bytes[index] ?? 0);
  }

  /** @param other of the same volume. */
  firstNotIn(other: GrainSet): number | undefined {
    for (let grain = 0; grain < this.grains; grain += 1) {
      if (this.bytes[grain >>> 3] === other.bytes[grain >>> 3]) grain |= 7;
      else if (this.has(grain) && !other.has(grain)) return grain;
    }
    return undefined;
  }

  get size(): number {
    let size = 0;
    for (const byte of this.bytes) for (let rest = byte; rest !== 0; rest &= rest - 1) size += 1;
    return size;
  }
}
