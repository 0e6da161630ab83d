import type { BlockImage } from './block-image.js';
import type { SimCard } from './sim-card.js';

/**
 * A card that stands beside: all that makes a card another one, which is what is durable on its board. Put in the
 * place of a card whose power is off, it takes what that one held in exchange.
 */
export class SpareCard {
  #nvram: Uint8Array;
  #damagedLines: readonly number[];
  #doubtful: boolean;
  readonly #disks: readonly (readonly Uint8Array[])[];

  /** A copy of what a card holds now. */
  constructor(card: SimCard) {
    this.#nvram = card.nvram.durable.slice();
    this.#damagedLines = [...card.nvram.damagedLines];
    this.#doubtful = card.nvram.doubtful;
    this.#disks = disksOf(card).map((disk) => contentOf(disk));
  }

  /** @returns what stood there before. */
  replace(card: SimCard): SpareCard {
    if (card.power.on) throw new Error(`${card.name} is replaced while it has power`);
    const former = new SpareCard(card);
    card.nvram.durable.set(this.#nvram);
    card.nvram.damagedLines.clear();
    for (const line of this.#damagedLines) card.nvram.damagedLines.add(line);
    card.nvram.doubtful = this.#doubtful;
    for (const [i, disk] of disksOf(card).entries()) {
      for (const [block, bytes] of (this.#disks[i] ?? []).entries()) if (disk.get(block) !== bytes) disk.set(block, bytes);
    }
    return former;
  }
}

function disksOf(card: SimCard): BlockImage[] {
  return [card.volume, card.store, card.reserved].map(({ durable }) => durable);
}

/** Blocks are never changed in place. */
function contentOf(disk: BlockImage): Uint8Array[] {
  return Array.from({ length: disk.blocks }, (_, block) => disk.get(block));
}
