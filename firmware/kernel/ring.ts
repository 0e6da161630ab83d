/** A fixed-size first-in-first-out ring. Full is an answer, never growth. */
export class Ring<T> {
  /** Each comes into being when it is first used: a card that is soon cut off again never uses most. */
  readonly #slots: (T | undefined)[] = [];
  #head = 0;
  #count = 0;

  constructor(readonly capacity: number) {}

  get count(): number {
    return this.#count;
  }

  /** Returns false, and does nothing, when full. */
  push(item: T): boolean {
    if (this.#count === this.capacity) return false;
    this.#slots[(this.#head + this.#count) % this.capacity] = item;
    this.#count += 1;
    return true;
  }

  shift(): T | undefined {
    if (this.#count === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.capacity;
    this.#count -= 1;
    return item;
  }
}
