import { converge } from '../convergence.js';
import { NO_FAULTS } from '../faults.js';
import { Fingerprint } from '../fingerprint.js';
import { PairImage } from '../pair-image.js';
import { Random } from '../random.js';
import type { ReusedMemory } from '../reused-memory.js';
import { type Judge, reasonOf, RuleBroken } from '../rules.js';
import type { SimEvent } from '../scheduler.js';
import { Story } from '../story.js';
import { SMALL_GEOMETRY, World } from '../world.js';
import { finishMethod } from './finish-method.js';
import { cutOne, type OneSidedCut, oneSidedCuts } from './one-sided-cut.js';
import type { Operation } from './operations.js';
import { visitCrashes } from './outcomes.js';
import { passThrough, type Sequence } from './passage.js';
import { type SavedStation, saveStations } from './saved-station.js';

/** Of the world of each recovery: the second goes on from the first, and draws other random ids. */
const RECOVERY_SEEDS = [3_000, 4_000] as const;

export interface ExhaustiveCounts {
  /** Passages: a sequence with one choice of where its later operations begin. */
  passages: number;
  /** Points of these passages at which the power may go. It goes at each. */
  points: number;
  /** States that a cut of both cards could leave; of each that was not met before the recovery was tried. */
  crashStates: number;
  /** Cuts of one card while the other goes on. */
  oneSidedCuts: number;
  events: number;
}

export const NO_COUNTS: Readonly<ExhaustiveCounts> = { passages: 0, points: 0, crashStates: 0, oneSidedCuts: 0, events: 0 };

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

/** What a sequence came to. */
export interface Explored {
  readonly counts: ExhaustiveCounts;
  readonly failures: readonly ExhaustiveFailure[];
  /** Fingerprints of crash states that had not been met before. */
  readonly newStates: readonly number[];
}

type Failing = Pick<ExhaustiveFailure, 'station' | 'operations' | 'startsAfter' | 'cut'>;
/** Of a passage; of one in whose recoveries the power is cut again; and the cut in a recovery. */
type Cut = 'once' | 'again' | 'second';

/** Tries everything that can happen in short sequences of operations. */
export class Explorer {
  readonly stations: readonly SavedStation[];
  /** Fingerprints of the crash states that were tried. */
  readonly #seen = new Set<number>();
  #found = { counts: { ...NO_COUNTS }, failures: [] as ExhaustiveFailure[], newStates: [] as number[] };
  /** Of a cut, and of one in the recovery from it: the state that is left, and the one that is booted. */
  readonly #images = [images(), images()] as const;

  /** @param memories for two cards each: of a passage, of a recovery from it, and of one from that. */
  constructor(
    private readonly memories: readonly [readonly ReusedMemory[], readonly ReusedMemory[], readonly ReusedMemory[]],
    private readonly judge: Judge,
  ) {
    this.stations = saveStations(memories[0], judge);
  }

  /**
   * Tries a sequence: each operation after the first begins at every effect of those before it. One alone is cut a
   * second time at each effect of each recovery.
   */
  explore(from: SavedStation, operations: readonly Operation[]): Explored {
    this.#found = { counts: { ...NO_COUNTS }, failures: [], newStates: [] };
    for (const startsAfter of this.#starts(from, operations)) this.#pass(from, { operations, startsAfter }, operations.length === 1);
    return this.#found;
  }

  *#starts(from: SavedStation, operations: readonly Operation[]): Generator<readonly number[]> {
    if (operations.length <= 1) {
      yield [0];
      return;
    }
    const before = operations.slice(0, -1);
    for (const startsAfter of this.#starts(from, before)) {
      const { effects } = passThrough(from, { operations: before, startsAfter }, this.memories[0], this.judge, () => true);
      for (let after = startsAfter.at(-1) ?? 0; after <= effects; after += 1) yield [...startsAfter, after];
    }
  }

  #pass(from: SavedStation, sequence: Sequence, cutsTwice: boolean): void {
    const { judge } = this;
    const { counts } = this.#found;
    const [memories] = this.memories;
    counts.passages += 1;
    const cuts: OneSidedCut[] = [];
    const passage = { station: from.station.name, operations: sequence.operations.map(({ name }) => name), startsAfter: sequence.startsAfter };
    this.#judged({ ...passage, cut: 'nothing' }, (begun) => finishMethod(passThrough(from, sequence, memories, judge, (story, point) => {
      begun(story);
      counts.points += 1;
      story.note();
      cuts.push(...oneSidedCuts(story.world, point));
      this.#crashes(story, point, { ...passage, cut: `both cards after effect ${String(point)}` }, cutsTwice ? 'again' : 'once');
      return true;
    }).story));
    for (const cut of cuts) {
      counts.oneSidedCuts += 1;
      this.#judged({ ...passage, cut: cut.name }, (begun) => finishMethod(cutOne(from, sequence, cut, memories, judge, begun)));
    }
  }

  /** Both cards lose power: every state that this may leave has to recover. */
  #crashes(story: Story, point: number, failing: Failing, cut: Cut): void {
    const [left, booted] = this.#images[cut === 'second' ? 1 : 0];
    const told = toldTo(story);
    const isNew = (state: Fingerprint): boolean => {
      state.toggleAll(told);
      return this.#isNew(state.value);
    };
    const states = visitCrashes(story.world, left, new Random(point), isNew, () => {
      this.#judged(failing, (begun) => this.#recover(booted.copyFrom(left), story, failing, cut, begun), story.world);
    });
    this.#found.counts.crashStates += states;
  }

  #recover(image: PairImage, known: Story, failing: Failing, cut: Cut, begun: (story: Story) => void): Story {
    const [seed, memories] = cut === 'second' ? [RECOVERY_SEEDS[1], this.memories[2]] : [RECOVERY_SEEDS[0], this.memories[1]];
    const world = new World({ seed, faults: NO_FAULTS, memories, image });
    const story = new Story(world, this.judge, { known });
    begun(story);
    for (const card of world.cards) story.watch.afterCut(card);
    let effects = 0;
    const cutAgain = (): void => {
      effects += 1;
      story.note();
      this.#crashes(story, effects, { ...failing, cut: `${failing.cut}, and again after effect ${String(effects)} of the recovery` }, 'second');
    };
    if (cut === 'again') for (const card of world.cards) card.power.onEffect = cutAgain;
    world.begin();
    // After a second cut a copy of everything will do where the secondary holds no T0: a story as long as the first.
    return cut === 'second' ? story : finishMethod(story);
  }

  #isNew(state: number): boolean {
    if (this.#seen.has(state)) return false;
    this.#seen.add(state);
    this.#found.newStates.push(state);
    return true;
  }

  /**
   * Runs something to where faults have stopped, and has the pair become synchronized (rule 18).
   * @param before the world from which it goes on.
   */
  #judged(failing: Failing, run: (begun: (story: Story) => void) => Story, before?: World): void {
    let world: World | undefined;
    try {
      converge(run((story) => { world = story.world; }));
    } catch (error) {
      if (this.judge === 'data' && !(error instanceof RuleBroken && error.seenIn === 'data')) return;
      this.#found.failures.push({ ...failing, ...reasonOf(error), recent: [before, world].flatMap((one) => one?.scheduler.recent ?? []) });
    } finally {
      this.#found.counts.events += world?.scheduler.delivered ?? 0;
    }
  }
}

/** What hosts asked for and were told. */
function toldTo({ watch }: Story): Fingerprint {
  const told = new Fingerprint();
  for (const [part, { model }] of [watch.hosts, watch.otherHosts].entries()) {
    const own = new Fingerprint();
    model.addTo(own);
    told.toggleAll(own, 1 + part);
  }
  return told;
}

function images(): readonly [PairImage, PairImage] {
  return [new PairImage(SMALL_GEOMETRY), new PairImage(SMALL_GEOMETRY)];
}
