import { converge } from '../convergence.js';
import { NO_FAULTS } from '../faults.js';
import { Fingerprint } from '../fingerprint.js';
import { PairImage } from '../pair-image.js';
import { Random } from '../random.js';
import type { ReusedMemory } from '../reused-memory.js';
import { type Judge, reasonOf, RuleBroken } from '../rules.js';
import type { SimEvent } from '../scheduler.js';
import { Story } from '../story.js';
import { SMALL_GEOMETRY } from '../geometries.js';
import { World } from '../world.js';
import { finishMethod } from './finish-method.js';
import { cutOne, type OneSidedCut, oneSidedCuts } from './one-sided-cut.js';
import type { Operation } from './operations.js';
import { momentOf, visitCrashes } from './outcomes.js';
import { passThrough, type Sequence } from './passage.js';
import { type SavedStation, saveStations } from './saved-station.js';
import type { TriedStates } from './tried-states.js';

/** Of the world of each recovery: the second goes on from the first, and draws other random ids. */
const RECOVERY_SEEDS = [3_000, 4_000] as const;
/** Of the draws among more outcomes than are tried. */
const SEEDS = 2 ** 32;

export interface ExhaustiveCounts {
  /** Passages: a sequence with one choice of where its later operations begin. */
  passages: number;
  /** Points of these passages at which the power may go. It goes at each. */
  points: number;
  /** States that a cut of both cards could leave. */
  crashStates: number;
  /** Of these that nobody had met before: the recovery from each was tried. */
  newStates: number;
  /** Cuts of one card while the other goes on. */
  oneSidedCuts: number;
  events: number;
}

export const NO_COUNTS: Readonly<ExhaustiveCounts> = { passages: 0, points: 0, crashStates: 0, newStates: 0, oneSidedCuts: 0, events: 0 };

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
}

type Failing = Pick<ExhaustiveFailure, 'station' | 'operations' | 'startsAfter' | 'cut'>;

/** How much is tried after a cut of both cards, in the order of it. */
const CUT = {
  /** The second one, in a recovery. A copy of everything will do where the secondary holds no T0. */
  second: 0,
  /** One in a passage: the method goes on. */
  once: 1,
  /** And in the recovery the power is cut again. */
  again: 2,
} as const;
type Cut = (typeof CUT)[keyof typeof CUT];

/**
 * Which cuts are tried after more than one operation: of both cards at once and of each alone, or of both alone and once
 * more in each recovery, by which most states are met. After one operation it is all of them.
 */
export const CUTS = ['all', 'both'] as const;
export type Cuts = (typeof CUTS)[number];

/** Tries everything that can happen in short sequences of operations. */
export class Explorer {
  readonly stations: readonly SavedStation[];
  /** By {@link Cut}: the moments of which every crash state was tried, and how many there were. */
  readonly #moments = [new Map<number, number>(), new Map<number, number>(), new Map<number, number>()] as const;
  #found = { counts: { ...NO_COUNTS }, failures: [] as ExhaustiveFailure[] };
  /** Of a cut, and of one in the recovery from it: the state that is left, and the one that is booted. */
  readonly #images = [images(), images()] as const;

  /**
   * @param memories for two cards each: of a passage, of a recovery from it, and of one from that.
   * @param tried by this explorer and by others.
   */
  constructor(
    private readonly memories: readonly [readonly ReusedMemory[], readonly ReusedMemory[], readonly ReusedMemory[]],
    private readonly judge: Judge,
    private readonly cuts: Cuts,
    private readonly tried: TriedStates,
  ) {
    this.stations = saveStations(memories[0], judge);
  }

  /**
   * Tries a sequence: each operation after the first begins at every effect of those before it, and the power is cut at
   * every effect of all.
   */
  explore(from: SavedStation, operations: readonly Operation[]): Explored {
    this.#found = { counts: { ...NO_COUNTS }, failures: [] };
    for (const startsAfter of this.#starts(from, operations)) this.#pass(from, { operations, startsAfter });
    return this.#found;
  }

  *#starts(from: SavedStation, operations: readonly Operation[]): Generator<readonly number[]> {
    if (operations.length <= 1) {
      yield [0];
      return;
    }
    const before = operations.slice(0, -1);
    for (const startsAfter of this.#starts(from, before)) {
      const { effects } = passThrough(from, { operations: before, startsAfter }, this.memories[0], this.judge, { afterEffect: () => true });
      for (let after = startsAfter.at(-1) ?? 0; after <= effects; after += 1) yield [...startsAfter, after];
    }
  }

  #pass(from: SavedStation, sequence: Sequence): void {
    const { judge } = this;
    const isAlone = sequence.operations.length === 1;
    const cut = isAlone || this.cuts === 'both' ? CUT.again : CUT.once;
    const cutsEach = isAlone || this.cuts === 'all';
    const { counts } = this.#found;
    const [memories] = this.memories;
    counts.passages += 1;
    const oneSided: OneSidedCut[] = [];
    const passage = { station: from.station.name, operations: sequence.operations.map(({ name }) => name), startsAfter: sequence.startsAfter };
    this.#judged({ ...passage, cut: 'nothing' }, (begun) => finishMethod(passThrough(from, sequence, memories, judge, {
      afterEffect: (story, effects) => {
        begun(story);
        counts.points += 1;
        story.note();
        if (cutsEach) oneSided.push(...oneSidedCuts(story.world, effects));
        this.#crashes(story, { ...passage, cut: `both cards after effect ${String(effects)}` }, cut);
        return true;
      },
      // A persist of NVRAM is durable at once: only now can the cut tear it.
      beforeEffect: (story, effects) => {
        story.note();
        this.#crashes(story, { ...passage, cut: `both cards at effect ${String(effects + 1)}` }, cut);
      },
    }).story));
    for (const one of oneSided) {
      counts.oneSidedCuts += 1;
      this.#judged({ ...passage, cut: one.name }, (begun) => finishMethod(cutOne(from, sequence, one, memories, judge, begun)));
    }
  }

  /** Both cards lose power: every state that this may leave has to recover. */
  #crashes(story: Story, failing: Failing, cut: Cut): void {
    const told = toldTo(story);
    const moment = momentOf(story.world);
    moment.toggleAll(told);
    const known = this.#moments[cut].get(moment.value);
    const states = known ?? this.#tryAll(story, told, moment.value, failing, cut);
    this.#moments[cut].set(moment.value, states);
    this.#found.counts.crashStates += states;
  }

  /** @returns how many states there were. */
  #tryAll(story: Story, told: Fingerprint, seed: number, failing: Failing, cut: Cut): number {
    story.note();
    const [left, booted] = this.#images[cut === CUT.second ? 1 : 0];
    const isToTry = (state: Fingerprint): boolean => {
      state.toggleAll(told);
      return this.#isToTry(state.value, cut);
    };
    return visitCrashes(story.world, left, new Random(seed % SEEDS), isToTry, () => {
      this.#judged(failing, (begun) => this.#recover(booted.copyFrom(left), story, failing, cut, begun), story.world);
    });
  }

  #recover(image: PairImage, known: Story, failing: Failing, cut: Cut, begun: (story: Story) => void): Story {
    const [seed, memories] = cut === CUT.second ? [RECOVERY_SEEDS[1], this.memories[2]] : [RECOVERY_SEEDS[0], this.memories[1]];
    const world = new World({ seed, faults: NO_FAULTS, memories, image });
    const story = new Story(world, this.judge, { known });
    begun(story);
    for (const card of world.cards) story.watch.afterCut(card);
    let effects = 0;
    const cutAgain = (where: string): void => {
      this.#crashes(story, { ...failing, cut: `${failing.cut}, and again ${where} effect ${String(effects)} of the recovery` }, CUT.second);
    };
    const atEffect = (): void => {
      effects += 1;
      cutAgain('at');
    };
    const afterEffect = (): void => { cutAgain('after'); };
    for (const { power } of cut === CUT.again ? world.cards : []) {
      power.beforeEffect = atEffect;
      power.onEffect = afterEffect;
    }
    world.begin();
    // After a second cut a copy of everything will do where the secondary holds no T0: a story as long as the first.
    return cut === CUT.second ? story : finishMethod(story);
  }

  /** Unless it was tried as thoroughly before. */
  #isToTry(state: number, cut: Cut): boolean {
    const claim = this.tried.claim(state, cut);
    if (claim === 'new') this.#found.counts.newStates += 1;
    return claim !== 'known';
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
