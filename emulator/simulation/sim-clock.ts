import type { Clock, Completion, TimerHandle } from '../../firmware/hal.js';
import type { SimPower } from './power.js';

const US_A_MS = 1000;

/** A board's clock: the scheduler's time, which the board may see jump. */
export class SimClock implements Clock {
  #jumpedMs = 0;

  constructor(private readonly power: SimPower) {}

  nowMs(): number {
    return this.power.scheduler.nowUs / US_A_MS + this.#jumpedMs;
  }

  after(delayMs: number, done: Completion<void>): TimerHandle {
    const { scheduler, name } = this.power;
    const event = scheduler.after(Math.max(0, delayMs) * US_A_MS, { where: name, what: 'timer' }, () => {
      this.#timers.delete(event);
      done.succeed();
    });
    this.#timers.add(event);
    return {
      cancel: () => {
        event.run = undefined;
        this.#timers.delete(event);
      },
    };
  }

  readonly #timers = new Set<{ run: (() => void) | undefined }>();

  /** The time of day moves, the timers do not. */
  jump(ms: number): void {
    this.#jumpedMs += ms;
  }

  /** The power went, and the timers with it. */
  cut(): void {
    for (const event of this.#timers) event.run = undefined;
    this.#timers.clear();
  }
}
