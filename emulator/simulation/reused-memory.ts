import type { DmaMemory } from '../../firmware/hal.js';

/** Gives the same buffers out at each boot: some 70 MB, which cost more to make than a boot does otherwise. */
export class ReusedMemory implements DmaMemory {
  readonly #buffers: Uint8Array[] = [];
  #next = 0;

  take(lengthBytes: number): Uint8Array {
    let buffer = this.#buffers[this.#next];
    if (buffer?.length !== lengthBytes) {
      buffer = new Uint8Array(lengthBytes);
      this.#buffers[this.#next] = buffer;
    }
    this.#next += 1;
    return buffer;
  }

  /** The next boot begins. Whatever used the buffers before is gone. */
  rewind(): void {
    this.#next = 0;
  }
}
