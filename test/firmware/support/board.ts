import type { Fates } from '../../../emulator/simulation/card-image.js';
import { NO_FAULTS } from '../../../emulator/simulation/faults.js';
import { Random } from '../../../emulator/simulation/random.js';
import { ReusedMemory } from '../../../emulator/simulation/reused-memory.js';
import { Scheduler } from '../../../emulator/simulation/scheduler.js';
import { SimCard } from '../../../emulator/simulation/sim-card.js';
import { SimLink } from '../../../emulator/simulation/sim-link.js';
import type { Shelf } from '../../../emulator/simulation/sim-medium.js';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import type { CardCore } from '../../../firmware/core.js';
import { EventLoop } from '../../../firmware/kernel/event-loop.js';
import { RangeLocks } from '../../../firmware/kernel/range-lock.js';
import { Gate } from '../../../firmware/kernel/sync.js';
import type { Geometry } from '../../../firmware/metadata/nvram-layout.js';
import { recover } from '../../../firmware/metadata/recovery.js';
import { Volume } from '../../../firmware/volume/volume.js';
import { HeldPower } from './held-power.js';
import { run } from './tasks.js';

const STREAM = 16;

/** What a board stands in; without it, alone. */
export interface Surroundings {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly link: SimLink;
  /** Its parts take no time. */
  readonly prompt: boolean;
}

/** What a cut of the power leaves. By chance, where nothing is said. */
export interface Loss {
  /** The peer is not told. */
  readonly silent?: boolean;
  /** Whether what was under way or not flushed is there; asked for each block and line. */
  readonly keep?: () => boolean;
  /** Lines of NVRAM that were under way may be damaged. */
  readonly damage?: boolean;
  /** The machine is lost as well: whether a line of NVRAM that was not flushed is what it became. */
  readonly keepsLine?: (line: number) => boolean;
}

/** A simulated card in the hands of a test. Nothing goes wrong with it by itself. */
export class TestBoard extends SimCard {
  declare readonly power: HeldPower;
  readonly scheduler: Scheduler;
  /** What is in its own drive, by path. */
  readonly shelf: Shelf;

  constructor(geometry: Geometry, seed: number, { name, scheduler, link, prompt }: Surroundings = alone(false)) {
    const shelf: Shelf = new Map();
    const powerOf = (of: string, random: Random): HeldPower => new HeldPower(of, scheduler, random, prompt);
    super(name, { scheduler, link, shelf, faults: () => NO_FAULTS, powerOf }, geometry, new ReusedMemory(), seed, STREAM);
    this.scheduler = scheduler;
    this.shelf = shelf;
  }

  /** Lets so many more effects happen, and cuts the power right after the next one, before the firmware learns of it. */
  cutAfter(effects: number, loss?: Loss): void {
    let left = effects;
    this.power.onEffect = () => {
      left -= 1;
      if (left < 0) this.lose(loss);
    };
  }

  /** Cuts the power now, unless it is off. */
  lose({ silent = false, keep, damage = false, keepsLine }: Loss = {}): void {
    if (!this.power.on) return;
    const isKept = keep ?? ((): boolean => this.random.chance(0.5));
    const fates: Fates = ({ part }) => {
      if (damage && part === 'nvram' && this.random.chance(0.5)) return 'damaged';
      return isKept() ? 'new' : 'old';
    };
    this.cut(silent, () => fates, keepsLine);
  }
}

/** No line, and no other board. */
export function alone(prompt: boolean): Surroundings {
  const scheduler = new Scheduler();
  return { name: 'card', scheduler, link: new SimLink(scheduler, new Random(0), () => NO_FAULTS, 0), prompt };
}

/** A board with nothing on it, whose parts work. */
export function blankBoard(geometry = SMALL_GEOMETRY): TestBoard {
  const board = new TestBoard(geometry, 1);
  board.power.on = true;
  return board;
}

/** The loop of a core without a card around it: where it has nothing to do, the parts go on. */
export class BoardLoop extends EventLoop {
  constructor(private readonly board: TestBoard) {
    super(board.clock, () => undefined);
  }

  override step(limit: number): boolean {
    return super.step(limit) || this.board.scheduler.deliver();
  }
}

/** A board with a freshly formatted standalone card. */
export function formattedBoard(geometry = SMALL_GEOMETRY, seed = 1): TestBoard {
  const board = new TestBoard(geometry, seed);
  board.format();
  return board;
}

/** Boots what every component of a card stands on. */
export function bootCore(board: TestBoard): CardCore {
  board.power.on = true;
  const loop = new BoardLoop(board);
  const { hal } = board;
  const state = run(loop, recover(loop, hal));
  const locks = new RangeLocks(loop);
  const volume = new Volume(loop, hal.volume, hal.nvram, state.written, locks, state.geometry.grainBytes);
  return { loop, hal, state, volume, locks, hostWrites: new Gate(loop) };
}
