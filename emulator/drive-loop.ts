import { performance } from 'node:perf_hooks';
import { POLL_WINDOW_MS, STEP_BATCH } from './limits.js';

/**
 * Steps a card when it is woken: in the same turn of Node's loop, but never inside the call that woke it.
 * While work is near it polls, so that the process does not fall asleep between two frames.
 */
export class DriveLoop {
  #scheduled = false;
  #stepping = false;
  #polling = false;
  #stopped = false;
  #activeMs = 0;

  /**
   * @param step takes completions off the card's ring, up to a limit, and says whether more are there.
   * @param onFault is told what `step` threw; the card is not stepped again.
   */
  constructor(
    private readonly step: (limit: number) => boolean,
    private readonly onFault: (error: Error) => void,
  ) {}

  /** Whether the card is stepped no more: after a fault, or {@link stop}. */
  get stopped(): boolean {
    return this.#stopped;
  }

  wake(): void {
    // While stepping, the ring is being emptied anyway.
    if (this.#scheduled || this.#stepping || this.#stopped) return;
    this.#scheduled = true;
    queueMicrotask(() => { this.#run(); });
  }

  /** The card is never stepped again. */
  stop(): void {
    this.#stopped = true;
  }

  #run(): void {
    this.#scheduled = false;
    if (this.#stopped) return;
    let more: boolean;
    this.#stepping = true;
    try {
      more = this.step(STEP_BATCH);
    } catch (error) {
      this.#stopped = true;
      this.onFault(error instanceof Error ? error : new Error(String(error)));
      return;
    } finally {
      this.#stepping = false;
    }
    this.#activeMs = performance.now();
    if (more) {
      this.#scheduled = true;
      setImmediate(() => { this.#run(); });
    } else if (!this.#polling) {
      this.#polling = true;
      setImmediate(() => { this.#poll(); });
    }
  }

  /** An immediate under way keeps Node from waiting in the kernel, and does no more. */
  #poll(): void {
    this.#polling = !this.#stopped && performance.now() - this.#activeMs < POLL_WINDOW_MS;
    if (this.#polling) setImmediate(() => { this.#poll(); });
  }
}
