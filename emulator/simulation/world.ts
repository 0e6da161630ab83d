import type { Geometry } from '../../firmware/metadata/nvram-layout.js';
import { BLOCK_BYTES } from '../../firmware/limits.js';
import { Block } from './block.js';
import { BlockImage } from './block-image.js';
import { CardImage } from './card-image.js';
import { type FaultOptions, type Misfortune, NO_FAULTS } from './faults.js';
import { SMALL_GEOMETRY } from './geometries.js';
import type { DurablePair } from './pair-image.js';
import { Random } from './random.js';
import type { ReusedMemory } from './reused-memory.js';
import { Scheduler } from './scheduler.js';
import { SimCard, type SimWorld } from './sim-card.js';
import { SimLink } from './sim-link.js';
import type { Shelf, SimMedium } from './sim-medium.js';

const KIB = 1024;

/** Small enough that a grain, and a host's longer writes, travel in pieces. */
const MAX_PAYLOAD_BYTES = 2 * KIB;

/** What disks hold that others used before: of each card something else, so that no copy hides what was left out (rule 19). */
const USED_BLOCKS = [0x5a, 0x3c].map((byte) => new Block(new Uint8Array(BLOCK_BYTES).fill(byte)));
/** By size. */
const usedDisks = new Map<number, readonly BlockImage[]>();

/** Numbers of random streams: what one draws must not move what another does. */
const STREAM = { link: 1, cards: 16 } as const;

export interface WorldOptions {
  readonly seed: number;
  readonly faults: FaultOptions;
  /** One for each card. */
  readonly memories: readonly ReusedMemory[];
  /** {@link SMALL_GEOMETRY} if nothing else is said. */
  readonly geometry?: Geometry;
  /** What boards and media hold in the beginning; otherwise blank boards are formatted. */
  readonly image?: DurablePair;
}

/** Two cards, the line between them, media and time: everything that one seed decides. */
export class World implements SimWorld {
  readonly scheduler = new Scheduler();
  readonly shelf: Shelf;
  readonly link: SimLink;
  readonly primary: SimCard;
  readonly secondary: SimCard;
  readonly cards: readonly SimCard[];
  readonly geometry: Geometry;
  /** A card that stands beside, blank at first. */
  #spare: CardImage | undefined;
  #backup: CardImage | undefined;
  /** A card could not come up, since a part failed. */
  bootFailed: (card: SimCard) => void = (card) => { throw new Error(`${card.name} could not come up`); };
  readonly seed: number;
  readonly #linkRandom: Random;
  readonly #noFaults: FaultOptions;
  /** No faults of their own. */
  calm = true;

  constructor(private readonly options: WorldOptions) {
    const { seed, memories, geometry = SMALL_GEOMETRY } = options;
    this.seed = seed;
    this.#noFaults = { ...NO_FAULTS, blockKept: options.faults.blockKept };
    this.geometry = geometry;
    this.#linkRandom = new Random(seed, STREAM.link);
    this.link = new SimLink(this.scheduler, this.#linkRandom, this.faults, MAX_PAYLOAD_BYTES);
    const [first, second] = memories;
    if (first === undefined || second === undefined) throw new Error('each card needs memory');
    this.shelf = options.image?.shelf ?? new Map<string, SimMedium>();
    this.primary = new SimCard('P', this, this.geometry, first, seed, STREAM.cards, options.image?.primary);
    this.secondary = new SimCard('S', this, this.geometry, second, seed, STREAM.cards + 1, options.image?.secondary);
    this.cards = [this.primary, this.secondary];
  }

  readonly faults = (): FaultOptions => (this.calm ? this.#noFaults : this.options.faults);

  /** Whether it may befall cards, line or media: not in the calm. */
  mayHappen(misfortune: Misfortune): boolean {
    return this.faults().misfortunes.includes(misfortune);
  }

  /** What chance decides in the parts from here on depends on nothing that was drawn before. */
  reseed(seed: number): void {
    this.#linkRandom.reseed(seed);
    for (const card of this.cards) card.random.reseed(seed);
  }

  /** Switches both cards on; blank ones are formatted first. */
  begin(): void {
    if (this.options.image === undefined) {
      this.secondary.format();
      this.#spare = this.#exchange(new CardImage(this.geometry));
      for (const card of this.cards) card.format();
      for (const [index, disk] of usedDisksOf(this.geometry).entries()) this.cards[index]?.image.volume.copyFrom(disk);
    }
    for (const card of this.cards) card.boot();
  }

  /** Grows with everything that happens. */
  get progress(): number {
    return this.scheduler.delivered + this.primary.steps + this.secondary.steps;
  }

  /** The card that stands beside takes the place of the secondary, whose power is off, and that one stands beside. */
  replaceSecondary(): void {
    if (this.#spare !== undefined) this.#spare = this.#exchange(this.#spare);
  }

  /** Of the secondary, whose power is off. */
  takeBackup(): void {
    this.#backup = new CardImage(this.geometry);
    this.#backup.copyFrom(this.secondary.image);
  }

  /** The secondary, whose power is off, is again what it was. @returns false when nobody took a backup. */
  restoreBackup(): boolean {
    if (this.#backup !== undefined) this.#exchange(this.#backup);
    return this.#backup !== undefined;
  }

  /** What is durable of the secondary becomes this. @returns what it was. */
  #exchange(image: CardImage): CardImage {
    if (this.secondary.power.on) throw new Error('the secondary is replaced while it has power');
    const former = new CardImage(this.geometry);
    former.copyFrom(this.secondary.image);
    this.secondary.image.copyFrom(image);
    return former;
  }

  /** Delivers one event, and lets the cards work off what it brought. Returns false when none is due until then. */
  deliver(untilUs?: number): boolean {
    this.#step();
    const delivered = this.scheduler.deliver(untilUs);
    this.#step();
    return delivered;
  }

  #step(): void {
    for (const card of this.cards) if (!card.step()) this.bootFailed(card);
  }
}

function usedDisksOf({ sizeBytes }: Geometry): readonly BlockImage[] {
  const known = usedDisks.get(sizeBytes) ?? USED_BLOCKS.map((block) => {
    const disk = new BlockImage(sizeBytes / BLOCK_BYTES);
    for (let at = 0; at < sizeBytes / BLOCK_BYTES; at += 1) disk.set(at, block);
    return disk;
  });
  usedDisks.set(sizeBytes, known);
  return known;
}
