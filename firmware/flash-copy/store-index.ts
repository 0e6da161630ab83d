import { NVRAM_LINE_BYTES, type Nvram } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import { INDEX_ENTRY_BYTES, type Region } from '../metadata/nvram-layout.js';

const FREE = 0;

/**
 * Which grain is in which slot of the FlashCopy store. One entry a slot in NVRAM: the grain, plus one;
 * 0 is free. Slots are given out in order, and come back only all together.
 */
export class StoreIndex {
  readonly #entries: DataView;
  readonly #slotOf = new Map<number, number>();
  #next = 0;

  /** @param bytes the index region of the NVRAM working copy. */
  constructor(
    private readonly loop: EventLoop,
    private readonly nvram: Nvram,
    private readonly region: Region,
    private readonly bytes: Uint8Array,
    readonly capacity: number,
    private readonly grains: number,
  ) {
    this.#entries = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Grains in the store. */
  get size(): number {
    return this.#slotOf.size;
  }

  slotOf(grain: number): number | undefined {
    return this.#slotOf.get(grain);
  }

  /** Reads the entries that a boot found. Returns false when they cannot be right. */
  load(): boolean {
    this.#slotOf.clear();
    this.#next = 0;
    for (let slot = 0; slot < this.capacity; slot += 1) {
      const entry = this.#entry(slot);
      if (entry === FREE) continue;
      if (entry > this.grains || this.#slotOf.has(entry - 1)) return false;
      this.#slotOf.set(entry - 1, slot);
    }
    return true;
  }

  /** A slot for a grain about to be saved, or undefined when the store is full. */
  reserve(): number | undefined {
    // After a reboot there may be gaps: slots reserved before the cut, and not recorded.
    while (this.#next < this.capacity && this.#entry(this.#next) !== FREE) this.#next += 1;
    if (this.#next === this.capacity) return undefined;
    this.#next += 1;
    return this.#next - 1;
  }

  /** The slot holds the grain, durably so before the call; the entry is durable after it. */
  *record(slot: number, grain: number): Task {
    this.#entries.setUint32(slot * INDEX_ENTRY_BYTES, grain + 1, true);
    const start = Math.floor((slot * INDEX_ENTRY_BYTES) / NVRAM_LINE_BYTES) * NVRAM_LINE_BYTES;
    const line = this.bytes.subarray(start, start + NVRAM_LINE_BYTES);
    yield* this.loop.run<void>((done) => { this.nvram.persist(this.region.offsetBytes + start, line, done); });
    this.#slotOf.set(grain, slot);
  }

  /** Frees every slot, durably. */
  *clear(): Task {
    this.bytes.fill(0);
    this.#slotOf.clear();
    this.#next = 0;
    yield* this.loop.run<void>((done) => { this.nvram.persist(this.region.offsetBytes, this.bytes, done); });
  }

  /** T0 is gone: nothing in the store means anything any more. What NVRAM holds is cleared with the next T0. */
  forget(): void {
    this.#slotOf.clear();
  }

  #entry(slot: number): number {
    return this.#entries.getUint32(slot * INDEX_ENTRY_BYTES, true);
  }
}
