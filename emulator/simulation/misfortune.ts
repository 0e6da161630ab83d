import { NVRAM_LINE_BYTES } from '../../firmware/hal.js';
import type { Random } from './random.js';
import type { SimCard } from './sim-card.js';
import type { Story } from './story.js';

/** Durable effects between the decision to cut the power and the cut, at most. */
const CUT_WITHIN_EFFECTS = 60;
/** The part of NVRAM where everything stands but the T0 index. */
const DAMAGED_SPAN_LINES = 80;
const SWAPPED_BYTES = 4096;

/** Cards lose power after some more effects, and get it back after a while. */
export function outage(story: Story, cards: readonly SimCard[], random: Random): void {
  const silent = random.chance(0.3);
  const offUs = random.between(1_000, 3_000_000);
  for (const card of cards) {
    if (!card.power.on || card.power.onEffect !== undefined) continue;
    let left = random.below(CUT_WITHIN_EFFECTS);
    card.power.onEffect = () => {
      left -= 1;
      if (left >= 0) return;
      card.power.onEffect = undefined;
      story.cut(card, silent);
      story.later(offUs, () => { story.boot(card); });
    };
  }
}

/** A card loses power now, and lines of its NVRAM with it. */
export function damageNvram(story: Story, card: SimCard, random: Random): void {
  if (!card.power.on) return;
  story.cut(card, false);
  const { nvram } = card;
  if (random.chance(0.2)) {
    for (const { offsetBytes } of story.watch.viewOf(card).layout.controlBlocks) nvram.content.damagedLines.add(offsetBytes / NVRAM_LINE_BYTES);
  } else {
    const span = random.chance(0.5) ? DAMAGED_SPAN_LINES : nvram.sizeBytes / NVRAM_LINE_BYTES;
    for (let i = random.between(1, 4); i > 0; i -= 1) nvram.content.damagedLines.add(random.below(span));
  }
  nvram.content.doubtful = random.chance(0.1);
  story.watch.settle(card);
  story.later(random.between(1_000, 1_000_000), () => { story.boot(card); });
}

/** A medium rots, is cut short, or has a page in the place of another. */
export function damageMedium(story: Story, random: Random): void {
  const media = [...story.world.shelf.values()].filter(({ bytes }) => bytes.length > 0);
  if (media.length === 0) return;
  random.pick(media).damage((bytes) => {
    const at = random.below(bytes.length);
    const kind = random.below(3);
    if (kind === 0) return bytes.slice(0, at);
    if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    else bytes.copyWithin(random.below(bytes.length), at, at + SWAPPED_BYTES);
    return bytes;
  });
}
