import { FirmwareFault } from '../../../firmware/kernel/event-loop.js';
import { converge } from '../convergence.js';
import { NO_FAULTS } from '../faults.js';
import { Fingerprint } from '../fingerprint.js';
import { PairImage } from '../pair-image.js';
import { Random } from '../random.js';
import type { ReusedMemory } from '../reused-memory.js';
import { type Judge, RuleBroken } from '../rules.js';
import type { SimEvent } from '../scheduler.js';
import { Story } from '../story.js';
import { SMALL_GEOMETRY, World } from '../world.js';
import { cutOne, type OneSidedCut, oneSidedCuts } from './one-sided-cut.js';
import type { Operation } from './operations.js';
import { visitCrashes } from './outcomes.js';
import { passThrough, type Sequence } from './passage.js';
import { type SavedStation, saveStations } from './saved-station.js';

/** Of the world of each recovery: the second goes on from the first, and draws other random ids. */
const RECOVERY_SEEDS = [3_000, 4_000] as const;

export interface ExhaustiveCounts {
  sequences: number;
  /** Passages: a sequence with one choice of where its second operation begins. */
  passages: number;
  /** Points of these passages at which the power may go. */
  points: number;
  /** States that a cut of both cards could leave, and how many of them were distinct. */
  crashStates: number;
  distinct: number;
  /** Of the distinct ones: left by a cut in the recovery from another. */
  secondCuts: number;
  /** Cuts of one card while the other goes on. */
  oneSidedCuts: number;
  events: number;
}

export interface ExhaustiveFailure {
  readonly station: string;
  readonly operations: readonly string[];
  readonly startsAfter: readonly number[];
  /** What lost power, and where. */
  readonly cut: string;
  /** Number of the rule that was broken; undefined when the firmware stopped itself, or the simulator failed. */
  readonly rule: number | undefined;
  readonly message: string;
  readonly recent: readonly SimEvent[];
}

/** Tries everything that can happen in short sequences of operations. */
export class Explorer {
  readonly counts: ExhaustiveCounts = { sequences: 0, passages: 0, points: 0, crashStates: 0, distinct: 0, secondCuts: 0, oneSidedCuts: 0, events: 0 };
  readonly failures: ExhaustiveFailure[] = [];
  /** Fingerprints of the crash states that were tried. */
  readonly seen = new Set<number>();
  readonly stations: readonly SavedStation[];
  /** Of a cut, and of one in the recovery from it: the state that is left, and the one that is booted. */
  readonly #images = [images(), images()] as const;

  /** @param memories for two cards each: of a passage, of a recovery from it, and of one from that. */
  constructor(
    private readonly memories: readonly [readonly ReusedMemory[], readonly ReusedMemory[], readonly ReusedMemory[]],
    private readonly judge: Judge,
  ) {
    this.stations = saveStations(memories[0], judge);
  }

  /** One operation alone, with a second cut at each effect of each recovery. Returns how many effects it has. */
  alone(from: SavedStation, operation: Operation): number {
    this.counts.sequences += 1;
    return this.#pass(from, { operations: [operation], startsAfter: [0] }, true);
  }

  /** Two operations, the second of which begins at each effect of the first. */
  both(from: SavedStation, first: Operation, second: Operation, effectsOfFirst: number): void {
    this.counts.sequences += 1;
    for (let after = 0; after <= effectsOfFirst; after += 1) this.#pass(from, { operations: [first, second], startsAfter: [0, after] }, false);
  }

  #pass(from: SavedStation, sequence: Sequence, cutsTwice: boolean): number {
    this.counts.passages += 1;
    const cuts: OneSidedCut[] = [];
    const failing = (cut: string) => ({ station: from.station.name, operations: sequence.operations.map(({ name }) => name), startsAfter: sequence.startsAfter, cut });
    let effects = 0;
    this.#judged(failing('nothing'), () => {
      const passed = passThrough(from, sequence, this.memories[0], this.judge, (story, point) => {
        this.counts.points += 1;
        story.note();
        cuts.push(...oneSidedCuts(story.world, point));
        const failure = failing(`both cards after effect ${String(point)}`);
        this.#crashes(story, point, failure, cutsTwice ? 'again' : 'once');
        return true;
      });
      effects = passed.effects;
      return passed.story;
    });
    for (const cut of cuts) {
      this.counts.oneSidedCuts += 1;
      this.#judged(failing(cut.name), () => cutOne(from, sequence, cut, this.memories[0], this.judge));
    }
    return effects;
  }

  /** Both cards lose power: every state that this may leave has to recover. */
  #crashes(story: Story, point: number, failing: Failing, cut: 'once' | 'again' | 'second'): void {
    const [left, booted] = this.#images[cut === 'second' ? 1 : 0];
    visitCrashes(story.world, left, new Random(point), () => {
      this.counts.crashStates += 1;
      if (!this.#isNew(left, story)) return;
      this.counts.distinct += 1;
      if (cut === 'second') this.counts.secondCuts += 1;
      this.#judged(failing, () => this.#recover(booted.copyFrom(left), story, failing, cut));
    });
  }

  #recover(image: PairImage, known: Story, failing: Failing, cut: 'once' | 'again' | 'second'): Story {
    const level = cut === 'second' ? 1 : 0;
    const world = new World({ seed: RECOVERY_SEEDS[level], faults: NO_FAULTS, memories: this.memories[level + 1] ?? [], image });
    const story = new Story(world, this.judge, known);
    for (const card of world.cards) story.watch.afterCut(card);
    let effects = 0;
    const cutAgain = (): void => {
      effects += 1;
      story.note();
      this.#crashes(story, effects, { ...failing, cut: `${failing.cut}, and again after effect ${String(effects)} of the recovery` }, 'second');
    };
    if (cut === 'again') for (const card of world.cards) card.power.onEffect = cutAgain;
    world.begin();
    return story;
  }

  #isNew(image: PairImage, { watch }: Story): boolean {
    const fingerprint = new Fingerprint();
    image.addTo(fingerprint);
    watch.hosts.model.addTo(fingerprint);
    watch.otherHosts.model.addTo(fingerprint);
    const { value } = fingerprint;
    if (this.seen.has(value)) return false;
    this.seen.add(value);
    return true;
  }

  /** Runs something to where faults have stopped, and has the pair become synchronized (rule 18). */
  #judged(failing: Failing, run: () => Story): void {
    let story: Story | undefined;
    try {
      story = run();
      converge(story);
    } catch (error) {
      if (this.judge === 'data' && !(error instanceof RuleBroken && error.seenIn === 'data')) return;
      const rule = error instanceof RuleBroken ? error.rule : undefined;
      const message = error instanceof RuleBroken || error instanceof FirmwareFault ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.failures.push({ ...failing, rule, message, recent: story?.world.scheduler.recent ?? [] });
    } finally {
      this.counts.events += story?.world.scheduler.delivered ?? 0;
    }
  }
}

type Failing = Pick<ExhaustiveFailure, 'station' | 'operations' | 'startsAfter' | 'cut'>;

function images(): readonly [PairImage, PairImage] {
  return [new PairImage(SMALL_GEOMETRY), new PairImage(SMALL_GEOMETRY)];
}
