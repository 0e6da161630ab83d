import type { Clock } from '../hal.js';
import type { EventLoop } from './event-loop.js';
import { type Pending, type Task, wait } from './pending.js';

/** Counts what is left of something bounded; who finds none left waits, first come first served. */
export class Semaphore {
  readonly #waiting: Pending<void>[] = [];

  constructor(
    private readonly loop: EventLoop,
    private left: number,
  ) {}

  get available(): number {
    return this.left;
  }

  *acquire(): Task {
    if (this.left > 0 && this.#waiting.length === 0) {
      this.left -= 1;
      return;
    }
    const turn = this.loop.pending<void>();
    this.#waiting.push(turn);
    yield* wait(turn);
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.left += 1;
    else next.succeed();
  }
}

/** Something that tasks wait for to happen next; `signal` lets all that wait go on. */
export class Signal {
  readonly #waiting: Pending<void>[] = [];

  constructor(private readonly loop: EventLoop) {}

  *next(): Task {
    const turn = this.loop.pending<void>();
    this.#waiting.push(turn);
    yield* wait(turn);
  }

  /** As `next`, but for `delayMs` at most. */
  *nextWithin(clock: Clock, delayMs: number): Task {
    const turn = this.loop.pending<void>();
    this.#waiting.push(turn);
    const timer = clock.after(delayMs, { succeed: () => { this.#settle(turn); }, fail: () => { this.#settle(turn); } });
    yield* wait(turn);
    timer.cancel();
  }

  signal(): void {
    for (const turn of [...this.#waiting]) this.#settle(turn);
  }

  #settle(turn: Pending<void>): void {
    const index = this.#waiting.indexOf(turn);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    turn.succeed();
  }
}

/**
 * A gate that operations pass while it is open. Closing it waits until everyone inside has left:
 * a drain (rule 5).
 */
export class Gate {
  #inside = 0;
  #closed = 0;
  readonly #left: Signal;
  readonly #opened: Signal;

  constructor(loop: EventLoop) {
    this.#left = new Signal(loop);
    this.#opened = new Signal(loop);
  }

  get inside(): number {
    return this.#inside;
  }

  *enter(): Task {
    while (this.#closed > 0) yield* this.#opened.next();
    this.#inside += 1;
  }

  leave(): void {
    this.#inside -= 1;
    if (this.#inside === 0) this.#left.signal();
  }

  /** Lets nobody in any more, and waits until all have left. Pair with {@link open}. */
  *close(): Task {
    this.#closed += 1;
    while (this.#inside > 0) yield* this.#left.next();
  }

  open(): void {
    this.#closed -= 1;
    if (this.#closed === 0) this.#opened.signal();
  }
}

/**
 * Runs an action for all who ask, together: who asks while one runs shares the next. Each caller's
 * action starts after the call, which is what a flush needs.
 */
export class Shared {
  #running = false;
  #next: Pending<void>[] = [];

  constructor(
    private readonly loop: EventLoop,
    private readonly action: () => Task,
  ) {}

  *run(): Task {
    const turn = this.loop.pending<void>();
    this.#next.push(turn);
    if (!this.#running) {
      this.#running = true;
      this.loop.spawn('shared', this.#serve());
    }
    yield* wait(turn);
  }

  *#serve(): Task {
    while (this.#next.length > 0) {
      const turns = this.#next;
      this.#next = [];
      let failure: Error | undefined;
      try {
        yield* this.action();
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
      }
      for (const turn of turns) {
        if (failure === undefined) turn.succeed();
        else turn.reject(failure);
      }
    }
    this.#running = false;
  }
}
