/** Of each block of a volume, the marks that it may hold. Most hold one for certain. */
export class PossibleContent {
  readonly #several = new Map<number, readonly number[]>();

  /** @param certain the marks, by their blocks, unless {@link set} says something else. Not changed afterwards. */
  constructor(private readonly certain: Int32Array) {}

  set(block: number, marks: readonly number[]): void {
    this.#several.set(block, marks);
  }

  readonly at = (block: number): readonly number[] => this.#several.get(block) ?? [this.certain[block] ?? 0];

  admits(block: number, mark: number): boolean {
    return this.#several.get(block)?.includes(mark) ?? (this.certain[block] ?? 0) === mark;
  }

  /** The same, but for some blocks. */
  copy(): PossibleContent {
    const copy = new PossibleContent(this.certain);
    for (const [block, marks] of this.#several) copy.set(block, marks);
    return copy;
  }
}
