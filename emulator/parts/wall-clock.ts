import { performance } from 'node:perf_hooks';
import type { Clock, Completion, TimerHandle } from '../../firmware/hal.js';

/** The longest delay that Node's timers know; they take a longer one for 1 ms. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Monotonic time of this machine; setting its calendar clock does not move it. */
export class WallClock implements Clock {
  readonly #timers = new Set<NodeJS.Timeout>();

  nowMs(): number {
    return performance.now();
  }

  after(delayMs: number, done: Completion<void>): TimerHandle {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      done.succeed();
    }, Math.min(delayMs, MAX_DELAY_MS));
    this.#timers.add(timer);
    return {
      cancel: () => {
        clearTimeout(timer);
        this.#timers.delete(timer);
      },
    };
  }

  /** Stops every timer: none completes any more, and none keeps the process alive. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
