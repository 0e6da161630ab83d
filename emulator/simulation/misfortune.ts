import { NVRAM_LINE_BYTES } from '../../firmware/hal.js';
import type { NvramLayout, Region } from '../../firmware/metadata/nvram-layout.js';
import { JobState } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { swapChunks } from './medium-chunks.js';
import type { Random } from './random.js';
import type { SimCard } from './sim-card.js';
import type { Story } from './story.js';

/** Durable effects, or frames, between the decision to cut the power and the cut, at most. */
const CUT_WITHIN_EFFECTS = 60;
const CUT_WITHIN_FRAMES = 12;
/** Frames that leave for the secondary before the power of the primary is cut in the midst of a host's write. */
const CUT_MID_WRITE_FRAMES = 4;
const REST_US = [300_000, 2_000_000] as const;
/** Now and then a card comes up only to lose power again while it recovers. */
const AGAIN_CHANCE = 0.15;
const AGAIN_WITHIN_EFFECTS = 8;
/** NVRAM that others keep busy. */
const SLOWNESS = [10, 200] as const;
/** Of a line of which nobody hears: longer than the silence after which it is lost, in one direction too. */
const DEAD_LINE_US = [15_000_000, 40_000_000] as const;
const SWAPPED_BYTES = 4096;
/** How long a medium is out. */
const PULLED_US = [1_000, 3_000_000] as const;
const STALE_CHANCE = 0.2;
/** Not the card alone goes down, but the machine whose files its NVRAM and disk are: what was not flushed may be lost. */
const MACHINE_LOST_CHANCE = 0.2;

/**
 * Cards lose power after some more durable effects, or just when a frame of theirs has left, so that the other card
 * has what this one may have forgotten. They get it back after a while.
 */
export function outage(story: Story, cards: readonly SimCard[], random: Random): void {
  const silent = random.chance(0.3);
  const offUs = random.between(1_000, 3_000_000);
  const atFrame = random.chance(0.3);
  const again = random.chance(AGAIN_CHANCE) ? random.below(AGAIN_WITHIN_EFFECTS) : undefined;
  for (const card of cards) {
    if (!card.power.on) continue;
    const cut = (): void => {
      story.cut(card, silent);
      story.later(offUs, () => {
        story.boot(card);
        // Decided before, but faults may have stopped meanwhile.
        if (again !== undefined && !story.world.calm) atMoment(story, card, 'effect', again, () => { cutAndBoot(story, card, offUs); });
      });
    };
    if (atFrame) atMoment(story, card, 'frame', random.below(CUT_WITHIN_FRAMES), cut);
    else atMoment(story, card, 'effect', random.below(CUT_WITHIN_EFFECTS), cut);
  }
}

/**
 * The primary loses power just when a host's write has left for the secondary, which survives: what the one has
 * forgotten the other has. Then hosts rest, so that nothing covers up what comes of it.
 */
export function cutMidWrite(story: Story, random: Random): void {
  const { primary } = story.world;
  if (!primary.power.on) return;
  if (random.chance(0.7)) primary.nvram.slowness = random.between(...SLOWNESS);
  story.hostWork(random);
  atMoment(story, primary, 'frame', random.below(CUT_MID_WRITE_FRAMES), () => {
    primary.nvram.slowness = 1;
    cutAndBoot(story, primary, random.between(1_000, 200_000));
  });
  story.rest(random.between(...REST_US));
  primary.nvram.slowness = 1;
}

/** After some more durable effects of a card, or frames that have left it. Whatever was decided for such a moment and has not come yet does not come. */
export function atMoment(story: Story, card: SimCard, moment: 'effect' | 'frame', after: number, action: () => void): void {
  let left = after;
  const { onLeave } = story.world.link;
  const count = (): void => {
    left -= 1;
    if (left >= 0) return;
    callOff(story, card);
    action();
  };
  callOff(story, card);
  if (moment === 'frame') onLeave.set(card.name, count);
  else card.power.onEffect = count;
}

/** Nothing comes that was decided for a moment. */
export function callOff(story: Story, card: SimCard): void {
  card.power.onEffect = undefined;
  story.world.link.onLeave.delete(card.name);
}

function cutAndBoot(story: Story, card: SimCard, offUs: number): void {
  story.cut(card, false);
  story.later(offUs, () => { story.boot(card); });
}

/**
 * The line dies, nobody is told, and it does not come back before both cards have to have noticed. Hosts go on, and
 * wait for no longer than that (rule 4).
 */
export function deadLine(story: Story, random: Random): void {
  const { link, scheduler, calm } = story.world;
  if (calm) return;
  const kind = random.below(3);
  const from = random.chance(0.5) ? 'P' : 'S';
  if (kind === 0) link.cut(true);
  else (kind === 1 ? link.stalled : link.deafened).add(from);
  const endUs = scheduler.nowUs + random.between(...DEAD_LINE_US);
  story.watch.marks.reached(story.synchronized ? 'line dead for long while synchronized' : 'line dead for long');
  while (scheduler.nowUs < endUs) {
    if (random.chance(0.3)) story.hostWork(random);
    story.wait(random.between(50_000, 2_000_000));
  }
  link.restore();
}

/** The NVRAM of a card is busy for a while. */
export function slowNvram(story: Story, card: SimCard, random: Random): void {
  card.nvram.slowness = random.between(...SLOWNESS);
  story.later(random.between(100_000, 3_000_000), () => { card.nvram.slowness = 1; });
}

/** A card loses power now, and lines of its NVRAM with it; or one copy of its control block is what it was before. */
export function damageNvram(story: Story, card: SimCard, random: Random): void {
  if (!card.power.on) return;
  const losesMachine = random.chance(MACHINE_LOST_CHANCE);
  story.cut(card, false, undefined, losesMachine ? () => random.chance(0.5) : undefined);
  const { nvram } = card;
  if (random.chance(STALE_CHANCE)) {
    if (story.watch.historyOf(card)?.makeStale(random) === true) story.watch.marks.reached('one control block stale');
  } else if (random.chance(0.2)) {
    loseControlBlocks(story, card);
  } else {
    const regions = regionsOf(story.watch.viewOf(card).layout);
    for (let i = random.between(1, 4); i > 0; i -= 1) {
      const { offsetBytes, lengthBytes } = random.pick(regions);
      nvram.content.damagedLines.add(Math.floor((offsetBytes + random.below(lengthBytes)) / NVRAM_LINE_BYTES));
    }
  }
  story.watch.settle(card);
  story.later(random.between(1_000, 1_000_000), () => { story.boot(card); });
}

/** The last that happens before faults stop: the primary comes up without a control block (rule 14), and nothing hides what comes of it. */
export function loseIdentity(story: Story): void {
  const { primary } = story.world;
  if (!primary.power.on) return;
  story.cut(primary, false);
  loseControlBlocks(story, primary);
  story.watch.settle(primary);
}

function loseControlBlocks(story: Story, card: SimCard): void {
  for (const { offsetBytes } of story.watch.viewOf(card).layout.controlBlocks) card.nvram.content.damagedLines.add(offsetBytes / NVRAM_LINE_BYTES);
}

/** Each as often as another, however long it is. */
function regionsOf({ controlBlocks, positions, dirty, written, t0Written, t0Index }: NvramLayout): readonly Region[] {
  return [...controlBlocks, positions[0], positions[1], dirty, written, t0Written, t0Index];
}

/**
 * Another card takes the place of the secondary, with the cables of that one; or the former one comes back. Or it is
 * restored from a backup of all that it holds (rule 8).
 */
export function replaceSecondary(story: Story, random: Random): void {
  const { world, watch } = story;
  const { secondary } = world;
  story.cut(secondary, random.chance(0.5));
  callOff(story, secondary);
  if (random.chance(0.5)) {
    world.replaceSecondary();
    watch.marks.reached('secondary replaced');
  } else if (random.chance(0.5) || !world.restoreBackup()) {
    world.takeBackup();
  } else {
    watch.marks.reached('secondary restored from a backup');
  }
  watch.secondaryReplaced();
  story.later(random.between(1_000, 1_000_000), () => { story.boot(secondary); });
}

/** A medium rots, is cut short, has a page in the place of another, or two chunks that have changed places. */
export function damageMedium(story: Story, random: Random): void {
  const media = [...story.world.shelf.values()].filter(({ bytes }) => bytes.length > 0);
  if (media.length === 0) return;
  random.pick(media).damage((bytes) => {
    const at = random.below(bytes.length);
    const kind = random.below(4);
    if (kind === 0) return bytes.slice(0, at);
    if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    else if (kind === 2) bytes.copyWithin(random.below(bytes.length), at, at + SWAPPED_BYTES);
    else if (swapChunks(bytes, random)) story.watch.marks.reached('medium with two chunks swapped');
    return bytes;
  });
}

/** Somebody pulls out a medium, one that a card is at if there is any, and puts it back after a while. */
export function pullMedium(story: Story, random: Random): void {
  const { cards, shelf } = story.world;
  const busy = cards.flatMap(({ components }) => (components?.jobs.status?.state === JobState.RUNNING ? [components.jobs.status.path] : []));
  const medium = shelf.get(random.pick(busy.length > 0 ? busy : [...shelf.keys()]));
  if (medium === undefined || medium.isOut) return;
  if (busy.length > 0) story.watch.marks.reached('medium pulled out while a card is at it');
  medium.pullOut(() => random.chance(0.5));
  story.later(random.between(...PULLED_US), () => { medium.isOut = false; });
}
