import type { Atom, Unsettled } from '../../../emulator/simulation/card-image.js';
import { NO_FAULTS } from '../../../emulator/simulation/faults.js';
import { type Operation, SimPower } from '../../../emulator/simulation/power.js';
import type { Random } from '../../../emulator/simulation/random.js';
import type { Scheduler } from '../../../emulator/simulation/scheduler.js';
import type { Completion, PartFault } from '../../../firmware/hal.js';

interface Held {
  readonly operation: Operation;
  readonly atoms: (() => Atom[]) | undefined;
  submit(): void;
}

/** The power of a board whose test may fail an operation of its parts, or hold it back. */
export class HeldPower extends SimPower {
  /** Decides what becomes of an operation: a fault, held until {@link release}, or (undefined) nothing special. */
  intercept: ((operation: Operation) => PartFault | 'hold' | undefined) | undefined;
  /** Durable effects so far. */
  effects = 0;
  /** Media that are open. */
  openFiles = 0;
  #held: Held[] = [];

  /** @param prompt operations take no time. */
  constructor(
    name: string,
    scheduler: Scheduler,
    random: Random,
    private readonly prompt: boolean,
  ) {
    super(name, scheduler, random, () => NO_FAULTS);
    this.observer = () => { this.effects += 1; };
  }

  override submit<T>(operation: Operation, atUs: number, done: Completion<T>, run: () => T | PartFault, atoms?: () => Atom[]): void {
    if (!this.on) return;
    const verdict = this.intercept?.(operation);
    if (verdict === undefined) {
      super.submit(operation, atUs, this.#counting(operation, done), run, atoms);
    } else if (verdict === 'hold') {
      this.#held.push({ operation, atoms, submit: () => { super.submit(operation, this.scheduler.nowUs, this.#counting(operation, done), run, atoms); } });
    } else {
      done.fail(verdict);
    }
  }

  override dueUs(leastUs: number, mostUs: number): number {
    return this.prompt ? this.scheduler.nowUs : super.dueUs(leastUs, mostUs);
  }

  get held(): readonly Operation[] {
    return this.#held.map(({ operation }) => operation);
  }

  /** What is held is under way. */
  override get unsettled(): Unsettled[] {
    const held = this.#held.flatMap(({ operation: { part }, atoms }) => (part === 'medium' || atoms === undefined ? [] : [{ part, atoms: atoms() }]));
    return [...super.unsettled, ...held];
  }

  /** Lets held operations go: all of them, or those that `which` picks, in the order they came. */
  release(which: (operation: Operation) => boolean = () => true): void {
    const held = this.#held;
    this.#held = held.filter(({ operation }) => !which(operation));
    for (const one of held) if (which(one.operation)) one.submit();
  }

  /** Lets the one go that is held for longest. Returns whether there was one. */
  releaseOne(): boolean {
    const one = this.#held.shift();
    one?.submit();
    return one !== undefined;
  }

  override cut(): void {
    super.cut();
    this.intercept = undefined;
    this.onEffect = undefined;
    this.openFiles = 0;
    this.#held = [];
  }

  #counting<T>({ kind }: Operation, done: Completion<T>): Completion<T> {
    if (kind !== 'open' && kind !== 'close') return done;
    const change = kind === 'open' ? 1 : -1;
    return {
      succeed: (value) => {
        this.openFiles += change;
        done.succeed(value);
      },
      fail: (fault) => { done.fail(fault); },
    };
  }
}
