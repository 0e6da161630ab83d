import { NVRAM_LINE_BYTES } from '../../firmware/hal.js';
import type { Region } from '../../firmware/metadata/nvram-layout.js';
import type { DurableView } from './durable-view.js';
import type { Random } from './random.js';

/** As many older states of each copy as a fault may bring back. */
const REMEMBERED = 8;

/** What the copies of a card's control block held before: one of them may become stale and stay valid (rule 14). */
export class ControlHistory {
  readonly #older: readonly Uint8Array[][] = [[], []];

  constructor(private readonly view: DurableView) {}

  /** NVRAM has taken a persist at this place. */
  persisted(offsetBytes: number): void {
    const copy = this.view.layout.controlBlocks.findIndex((region) => region.offsetBytes === offsetBytes);
    const region = this.view.layout.controlBlocks[copy];
    const older = this.#older[copy];
    if (region === undefined || older === undefined) return;
    const bytes = (older.length < REMEMBERED ? undefined : older.shift()) ?? new Uint8Array(region.lengthBytes);
    bytes.set(this.#bytesOf(region));
    older.push(bytes);
  }

  /** Another card stands in the place of this one. */
  forget(): void {
    for (const older of this.#older) older.length = 0;
  }

  /** @returns whether one copy is stale now. Never while the other is not valid, or not the newest. */
  makeStale(random: Random): boolean {
    const { nvram } = this.view.card;
    const [first, second] = this.view.layout.controlBlocks;
    if (nvram.content.damagedLines.size > 0 || Buffer.compare(this.#bytesOf(first), this.#bytesOf(second)) !== 0) return false;
    const copy = random.below(2);
    // As it is now it was remembered too.
    const older = (this.#older[copy] ?? []).filter((bytes) => Buffer.compare(bytes, this.#bytesOf(first)) !== 0);
    if (older.length === 0) return false;
    nvram.content.store((copy === 0 ? first : second).offsetBytes / NVRAM_LINE_BYTES, random.pick(older));
    return true;
  }

  #bytesOf({ offsetBytes, lengthBytes }: Region): Uint8Array {
    return this.view.card.nvram.content.bytes.subarray(offsetBytes, offsetBytes + lengthBytes);
  }
}
