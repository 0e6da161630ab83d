import { COMPLETION_RING_ENTRIES, MAX_TASKS } from '../limits.js';
import { Pending, type Suspension, type Task } from './pending.js';
import { Ring } from './ring.js';
import type { Clock } from '../hal.js';

/** A card that broke one of its own rules stops at once: going on could lose data. */
export class FirmwareFault extends Error {
  constructor(task: string, cause: unknown) {
    super(`firmware fault in task ${task}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'FirmwareFault';
  }
}

/**
 * The event loop. Parts append settled completions to its ring; {@link step} takes them off in order
 * and resumes the task that waits. A task runs to its next yield without interruption.
 */
export class EventLoop {
  readonly #ring = new Ring<{ delivered(): void }>(COMPLETION_RING_ENTRIES);
  #tasks = 0;
  #fault: FirmwareFault | undefined;

  /** @param wake tells the board that there is something to step; called when the ring was empty. */
  constructor(
    private readonly clock: Clock,
    private readonly wake: () => void,
  ) {}

  /** Tasks that have started and not ended. */
  get tasks(): number {
    return this.#tasks;
  }

  append(pending: { delivered(): void }): void {
    const wasEmpty = this.#ring.count === 0;
    if (!this.#ring.push(pending)) throw new Error('the completion ring is full');
    if (wasEmpty) this.wake();
  }

  pending<T>(): Pending<T> {
    return new Pending<T>(this);
  }

  /** Runs a hal operation and waits for it: `yield* loop.run(done => disk.flush(done))`. */
  *run<T>(operation: (done: Pending<T>) => void): Task<T> {
    const pending = this.start(operation);
    // As `wait` does, in which each operation would resume one generator more.
    if (!pending.settled) yield pending;
    return pending.take();
  }

  /** Starts a hal operation, to be waited for later. */
  start<T>(operation: (done: Pending<T>) => void): Pending<T> {
    const pending = this.pending<T>();
    operation(pending);
    return pending;
  }

  *sleep(delayMs: number): Task {
    yield* this.run<void>((done) => this.clock.after(delayMs, done));
  }

  /** Whether another task may be started. */
  get hasRoom(): boolean {
    return this.#tasks < MAX_TASKS;
  }

  /** Starts a task; it runs to its first yield now. An error that leaves it stops the card. */
  spawn(name: string, task: Task): void {
    if (!this.hasRoom) throw new Error(`no room for task ${name}`);
    this.#tasks += 1;
    this.#resume(name, task);
  }

  /** Starts a task whose result is waited for later, so that others can run beside it. */
  fork<T>(name: string, task: Task<T>): Pending<T> {
    const result = this.pending<T>();
    this.spawn(name, settleWith(result, task));
    return result;
  }

  /**
   * Takes up to `limit` completions off the ring.
   * @returns whether more are there.
   * @throws FirmwareFault, now and at each later call, when a task broke.
   */
  step(limit: number): boolean {
    for (let taken = 0; taken < limit; taken += 1) {
      if (this.#fault !== undefined) throw this.#fault;
      const pending = this.#ring.shift();
      if (pending === undefined) return false;
      pending.delivered();
    }
    if (this.#fault !== undefined) throw this.#fault;
    return this.#ring.count > 0;
  }

  #resume(name: string, task: Task): void {
    let result: IteratorResult<Suspension, void>;
    try {
      do {
        result = task.next();
        if (result.done === true) {
          this.#tasks -= 1;
          return;
        }
      } while (result.value.settled);
    } catch (error) {
      this.#tasks -= 1;
      this.broke(name, error);
      return;
    }
    const waits = result.value.onSettled(() => { this.#resume(name, task); });
    if (!waits) this.#fault ??= new FirmwareFault(name, new Error('two tasks wait for one operation'));
  }

  /** What runs without a task broke as one may: the card stops. */
  broke(name: string, cause: unknown): void {
    this.#fault ??= new FirmwareFault(name, cause);
    this.wake();
  }
}

function* settleWith<T>(result: Pending<T>, task: Task<T>): Task {
  let value: T;
  try {
    value = yield* task;
  } catch (error) {
    result.reject(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  result.succeed(value);
}
