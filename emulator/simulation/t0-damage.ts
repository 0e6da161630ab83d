import { NVRAM_LINE_BYTES } from '../../firmware/hal.js';
import type { DurableView } from './durable-view.js';
import { hexOf } from './hex.js';
import type { Complain } from './rules.js';

/** Rule 6: a T0 of which NVRAM has lost a line ends; otherwise newer grains would stand for those that were saved. */
export class T0Damage {
  /** T0s that may not be there any more once their card has come up. */
  readonly #lost = new Set<string>();

  constructor(
    private readonly primary: DurableView,
    private readonly complain: Complain,
  ) {}

  /** The primary has no power, and lines of its NVRAM may be damaged. */
  look(): void {
    const { layout: { t0Index, t0Written }, card: { nvram: { content } } } = this.primary;
    const t0Id = this.#t0Id;
    if (t0Id === '') return;
    for (const line of content.damagedLines) {
      const at = line * NVRAM_LINE_BYTES;
      const isOfT0 = [t0Index, t0Written].some(({ offsetBytes, lengthBytes }) => at >= offsetBytes && at < offsetBytes + lengthBytes);
      // A line that held nothing reads the same once it is lost.
      if (isOfT0 && content.bytes.subarray(at, at + NVRAM_LINE_BYTES).some((byte) => byte !== 0)) this.#lost.add(t0Id);
    }
  }

  note(): void {
    if (this.#lost.size > 0 && this.primary.card.components !== undefined && this.#lost.has(this.#t0Id)) {
      this.complain(6, 'state', 'NVRAM has lost a line of what T0 is, and the card came up with that T0');
    }
  }

  get #t0Id(): string {
    return hexOf(this.primary.control?.flashCopy?.t0Id);
  }
}
