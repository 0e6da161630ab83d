/**
 * The submission side of a queue pair, as NVMe draws it: the host moves the tail as it submits, the card the
 * head as it consumes, both modulo the depth. A completion tells the head. Who keeps no more than `depth`
 * commands in flight cannot overrun the ring, since what is completed has been consumed.
 */
export class SubmissionRing {
  #tail = 0;
  #head = 0;
  #used = 0;

  constructor(readonly depth: number) {}

  get tail(): number {
    return this.#tail;
  }

  get head(): number {
    return this.#head;
  }

  /** Entries submitted that the card has not said to have consumed. */
  get used(): number {
    return this.#used;
  }

  /** Takes the slot at the tail. */
  submit(): void {
    if (this.#used === this.depth) throw new Error('submission ring overrun: more commands in flight than its depth');
    this.#tail = (this.#tail + 1) % this.depth;
    this.#used += 1;
  }

  /**
   * A completion came, said that the card has consumed up to `head`, and left `inFlight` commands.
   * @returns false when the head is beyond the ring or the tail; then only what must be so is taken as consumed.
   */
  consumedTo(head: number, inFlight: number): boolean {
    const possible = this.#moveTo(head);
    // What completed was consumed, whatever the card says.
    if (this.#used > inFlight) this.#advance(this.#used - inFlight);
    return possible;
  }

  #moveTo(head: number): boolean {
    if (head >= this.depth) return false;
    let entries = (head - this.#head + this.depth) % this.depth;
    // A ring consumed whole looks like one of which nothing was; but a completion has come.
    if (entries === 0 && this.#used === this.depth) entries = this.depth;
    if (entries > this.#used) return false;
    this.#advance(entries);
    return true;
  }

  #advance(entries: number): void {
    this.#head = (this.#head + entries) % this.depth;
    this.#used -= entries;
  }
}
