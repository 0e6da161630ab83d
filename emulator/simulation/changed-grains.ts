import type { DurableView } from './durable-view.js';
import { GrainSet } from './grain-set.js';
import type { ModelWrite } from './host-model.js';

/**
 * What may be out-of-sync at all: the grains that hosts asked to change, on either card, since the cards were known to
 * hold the same, and those of which damage took the bits. Known from what was asked for, not from a card (rule 17).
 */
export class ChangedGrains {
  #changed: GrainSet;
  /** Of these, those since the session began: they may be in intent when it has synchronized the cards. */
  #sinceOpening: GrainSet;
  /** When a card lost power last. */
  readonly #cutUs = new Map<DurableView, number>();

  constructor(
    private readonly primary: DurableView,
    private readonly secondary: DurableView,
  ) {
    this.#changed = this.#none();
    this.#sinceOpening = this.#none();
  }

  /** What another knew, who watched before. */
  recall(other: ChangedGrains): void {
    this.#changed.addAll(other.#changed);
    this.#sinceOpening.addAll(other.#sinceOpening);
  }

  get size(): number {
    return this.#changed.size;
  }

  /** A host asked for it, of either card. */
  asked(write: ModelWrite): void {
    for (const set of [this.#changed, this.#sinceOpening]) this.#add(set, write);
  }

  /** The secondary has asked for all of it, and the primary goes on from there. */
  everything(): void {
    this.#changed.addRange(0, this.primary.layout.grains);
  }

  /** A card has lost power, and lines of its NVRAM perhaps. */
  damaged(view: DurableView): void {
    this.#cutUs.set(view, view.card.power.scheduler.nowUs);
    const { content } = view.card.nvram;
    const isLost = view.control === undefined || content.doubtful;
    if (!isLost && content.damagedLines.size === 0) return;
    for (let grain = 0; grain < view.layout.grains; grain += 1) {
      // In the midst of a session too, whose last frame may still be under way (seed 3930).
      if (isLost || view.isMapDamaged(grain)) for (const set of [this.#changed, this.#sinceOpening]) set.add(grain);
    }
  }

  /** A relationship begins with an empty map. @param underWay what hosts wait for now. */
  established(underWay: readonly ModelWrite[]): void {
    this.#changed = this.#none();
    for (const write of underWay) this.#add(this.#changed, write);
  }

  opened(underWay: readonly ModelWrite[]): void {
    this.#sinceOpening = this.#none();
    for (const write of underWay) this.#add(this.#sinceOpening, write);
  }

  /** Nothing is out-of-sync. Where NVRAM failed to clear a bit since a card came up, it is set again after the next boot (seed 6234). */
  synchronized(): void {
    if ([this.primary, this.secondary].some((view) => view.card.power.hasFailed('nvram', this.#cutUs.get(view) ?? 0))) return;
    this.#changed = this.#none();
    this.#changed.addAll(this.#sinceOpening);
  }

  #add(set: GrainSet, { firstBlock, blocks }: ModelWrite): void {
    const first = this.primary.grainOf(firstBlock);
    set.addRange(first, this.primary.grainOf(firstBlock + blocks - 1) - first + 1);
  }

  #none(): GrainSet {
    return new GrainSet(this.primary.layout.grains);
  }
}
