/**
 * Follows the phase bit of a completion queue of `depth` entries: true in its first round, inverted each time
 * it wraps. A completion out of phase means that completions were lost or doubled on the way.
 */
export class CompletionPhase {
  #phase = true;
  #seenInRound = 0;

  constructor(private readonly depth: number) {}

  /** @returns whether the next completion may carry `phase`; goes on from there either way. */
  follow(phase: boolean): boolean {
    const wrapDue = this.#seenInRound === this.depth;
    const wrapped = phase !== this.#phase;
    this.#phase = phase;
    this.#seenInRound = wrapped || wrapDue ? 1 : this.#seenInRound + 1;
    return wrapped === wrapDue;
  }
}
