import { NO_FAULTS } from '../../../emulator/simulation/faults.js';
import { SimPower } from '../../../emulator/simulation/power.js';
import { Random } from '../../../emulator/simulation/random.js';
import { Scheduler } from '../../../emulator/simulation/scheduler.js';
import { SimClock } from '../../../emulator/simulation/sim-clock.js';
import type { EventLoop } from '../../../firmware/kernel/event-loop.js';
import type { Task } from '../../../firmware/kernel/pending.js';

const US_A_MS = 1000;

/** A clock that a test moves. */
export class BenchClock extends SimClock {
  readonly #scheduler: Scheduler;

  constructor() {
    const scheduler = new Scheduler();
    super(new SimPower('bench', scheduler, new Random(0), () => NO_FAULTS));
    this.#scheduler = scheduler;
  }

  advance(ms: number): void {
    const end = this.#scheduler.nowUs + ms * US_A_MS;
    while (this.#scheduler.deliver(end));
  }
}

/** Something that runs on a card; a cut ends it without an outcome. */
export interface Running<T> {
  readonly ended: boolean;
  result(): T;
}

/** Steps the loop until nothing is left to do. */
export function settle(loop: EventLoop): void {
  while (loop.step(1024));
}

/** Starts a task whose result (or error) can be asked for later. */
export function launch<T>(loop: EventLoop, task: Task<T>): Running<T> {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  loop.spawn('test', (function* (): Task {
    try {
      outcome = { value: yield* task };
    } catch (error) {
      outcome = { error };
    }
  })());
  return {
    get ended() { return outcome !== undefined; },
    result() {
      if (outcome === undefined) throw new Error('the task has not ended');
      if ('error' in outcome) throw outcome.error;
      return outcome.value;
    },
  };
}

/** Runs a task to its end. */
export function run<T>(loop: EventLoop, task: Task<T>): T {
  const running = launch(loop, task);
  settle(loop);
  return running.result();
}
