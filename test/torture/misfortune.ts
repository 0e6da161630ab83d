import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../emulator/simulation/random.js';
import type { CardInProcess } from '../emulator/processes/card-in-process.js';
import { FRAME_FAULTS, WAYS } from './link-faults.js';
import { BREAK_TO_KILL_MS, FRAMES_BEFORE_MOST, LATE_BEFORE_MOST, OFF_MOST_MS, PAUSES_MOST_MS, QUIET_MOST_MS, RECOVERY_MOST_MS, STILL_MOST_MS } from './settings.js';
import type { TorturedPair } from './tortured-pair.js';

/** What may happen, and how often it does. */
const WEIGHTS = {
  killPrimary: 3,
  killSecondary: 3,
  killBoth: 1,
  breakAndKill: 3,
  restart: 1,
  haltPrimary: 1,
  haltSecondary: 1,
  frames: 8,
  cut: 2,
  refuse: 1,
  stall: 1,
  deafen: 1,
  halfOpen: 1,
} as const;

type Kind = keyof typeof WEIGHTS;

const KINDS = Object.keys(WEIGHTS) as Kind[];
/** What a round may make of each weight: where all happens equally often, a pair gets nowhere far. */
const FACTORS = [0, 0.3, 1, 1, 3];
const MOST_FRAMES_AT_ONCE = 6;
const MOST_KILLS_IN_A_ROW = 3;
const AGAIN_CHANCE = 0.3;
const QUIET_CHANCE = 0.6;
/** The rest of them is short, so that a pair is not still most of the time. */
const LONG_CHANCE = 0.25;
const SHORT_SHARE = 0.1;

/** One round of things that go wrong with a pair. Moments are the machine's; what is chosen is the seed's. */
export class Misfortune {
  readonly #weights: readonly number[];
  readonly #pauseMostMs: number;
  /** Cards that something is happening to. */
  readonly #struck = new Set<CardInProcess>();
  #lineStruck = false;
  readonly #underWay = new Set<Promise<void>>();

  constructor(
    private readonly pair: TorturedPair,
    private readonly random: Random,
  ) {
    this.#weights = KINDS.map((kind) => WEIGHTS[kind] * random.pick(FACTORS));
    this.#pauseMostMs = random.pick(PAUSES_MOST_MS);
  }

  /** Strikes again and again for a while. When it returns both cards are on, and the line is as it should be. */
  async strikeFor(durationMs: number): Promise<void> {
    const { pair } = this;
    const endMs = performance.now() + durationMs;
    for (;;) {
      const pauseMs = this.random.below(this.#pauseMostMs);
      if (performance.now() + pauseMs > endMs) break;
      await pair.orFail(delay(pauseMs));
      this.#strike(this.#pick());
    }
    await pair.orFail(Promise.all(this.#underWay));
    pair.proxy.disarm();
    pair.proxy.mend();
  }

  #pick(): Kind {
    let at = this.random.below(1 << 16) / (1 << 16) * this.#weights.reduce((sum, weight) => sum + weight, 0);
    for (const [index, kind] of KINDS.entries()) {
      at -= this.#weights[index] ?? 0;
      if (at < 0) return kind;
    }
    return 'frames';
  }

  #strike(kind: Kind): void {
    const { primary, secondary } = this.pair;
    switch (kind) {
      case 'killPrimary':
        this.#strikeCards([primary], () => this.#outage([primary]));
        break;
      case 'killSecondary':
        this.#strikeCards([secondary], () => this.#outage([secondary]));
        break;
      case 'killBoth':
        this.#strikeCards([primary, secondary], () => this.#outage([primary, secondary]));
        break;
      case 'breakAndKill':
        this.#strikeLine('refuse');
        this.#strikeCards([primary], async () => {
          await delay(this.random.below(BREAK_TO_KILL_MS));
          await this.#outage([primary]);
        });
        break;
      case 'restart': {
        const card = this.random.pick(this.pair.cards);
        this.#strikeCards([card], async () => {
          this.pair.tally.count('restarts');
          await this.pair.restart(card);
        });
        break;
      }
      case 'haltPrimary':
        this.#strikeCards([primary], () => this.#halt(primary));
        break;
      case 'haltSecondary':
        this.#strikeCards([secondary], () => this.#halt(secondary));
        break;
      case 'frames':
        this.#strikeFrames();
        break;
      default:
        this.#strikeLine(kind);
    }
  }

  /** Nothing happens to a card that something is happening to. */
  #strikeCards(cards: readonly CardInProcess[], misfortune: () => Promise<void>): void {
    if (cards.some((card) => this.#struck.has(card))) return;
    for (const card of cards) this.#struck.add(card);
    this.#run(async () => {
      await misfortune();
      for (const card of cards) this.#struck.delete(card);
    });
  }

  /** Killed, off for a while, and on again; now and then killed again while it recovers. Hosts go on at once, or when both volumes were compared. */
  async #outage(cards: readonly CardInProcess[]): Promise<void> {
    const { pair, random } = this;
    await this.#kill(cards);
    const quiet = cards.includes(pair.primary) && random.chance(QUIET_CHANCE);
    if (quiet) await pair.host.pause();
    for (let kills = 1; kills < MOST_KILLS_IN_A_ROW && random.chance(AGAIN_CHANCE); kills += 1) {
      for (const card of cards) card.switchOn();
      const serving = Promise.all(cards.map((card) => pair.serve(card)));
      await Promise.race([serving, delay(random.below(RECOVERY_MOST_MS))]);
      pair.tally.count('killsRecovering', cards.length);
      await this.#kill(cards);
      await serving;
    }
    await delay(this.#shortOr(OFF_MOST_MS));
    for (const card of cards) card.switchOn();
    await Promise.all(cards.map((card) => pair.serve(card)));
    if (!quiet) return;
    await Promise.race([pair.compared(), delay(QUIET_MOST_MS)]);
    pair.host.resume();
  }

  async #kill(cards: readonly CardInProcess[]): Promise<void> {
    for (const card of cards) this.pair.tally.count(card === this.pair.primary ? 'killsPrimary' : 'killsSecondary');
    await this.pair.kill(cards);
  }

  /** Now and then it is killed where it stands. */
  async #halt(card: CardInProcess): Promise<void> {
    const { pair } = this;
    const stillMs = this.#shortOr(STILL_MOST_MS);
    pair.journal.note(`halt ${card.name} for ${String(stillMs)} ms`);
    pair.tally.count(card === pair.primary ? 'haltsPrimary' : 'haltsSecondary');
    card.halt();
    await delay(stillMs);
    if (this.random.chance(AGAIN_CHANCE)) await this.#outage([card]);
    else card.goOn();
  }

  #strikeFrames(): void {
    const { pair, random } = this;
    for (let i = random.between(1, MOST_FRAMES_AT_ONCE); i > 0; i -= 1) {
      const fault = random.pick(FRAME_FAULTS);
      pair.proxy.arm(random.pick(WAYS), fault, fault === 'late' ? random.below(LATE_BEFORE_MOST) : this.#shortOr(FRAMES_BEFORE_MOST));
    }
  }

  #strikeLine(kind: 'cut' | 'refuse' | 'stall' | 'deafen' | 'halfOpen'): void {
    const { pair, random } = this;
    if (this.#lineStruck) return;
    this.#lineStruck = true;
    const stillMs = this.#shortOr(STILL_MOST_MS);
    pair.journal.note(`${kind} the line, for ${String(stillMs)} ms`);
    if (kind === 'deafen') pair.proxy.deafen(random.pick(WAYS));
    else if (kind === 'halfOpen') pair.proxy.halfOpen(random.pick(['primary', 'secondary']));
    else pair.proxy[kind]();
    this.#run(async () => {
      // Who is not told of the end of a connection has to find out by itself.
      if (kind !== 'cut') await delay(stillMs);
      pair.proxy.mend();
      this.#lineStruck = false;
    });
  }

  #shortOr(mostMs: number): number {
    return this.random.below(this.random.chance(LONG_CHANCE) ? mostMs : mostMs * SHORT_SHARE);
  }

  #run(misfortune: () => Promise<void>): void {
    const running = misfortune().finally(() => { this.#underWay.delete(running); });
    this.#underWay.add(running);
    this.pair.failsWith(running);
  }
}
