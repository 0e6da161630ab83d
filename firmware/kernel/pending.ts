import type { Completion, PartFault } from '../hal.js';

/** Raised in a task when a part fails under it. */
export class PartError extends Error {
  constructor(readonly fault: PartFault) {
    super(fault.text);
    this.name = 'PartError';
  }
}

/** What a task yields: the loop resumes the task when it is settled. */
export interface Suspension {
  readonly settled: boolean;
  /**
   * Has `resume` called once it is settled.
   * @returns false when something else waits for it already.
   */
  onSettled(resume: () => void): boolean;
}

/** A task: reads top to bottom, and yields where it has to wait. Always run one with `yield*` or `spawn`. */
export type Task<T = void> = Generator<Suspension, T, void>;

/** Takes settled pendings in order; the loop's ring. */
export interface SettledRing {
  append(pending: { delivered(): void }): void;
}

/**
 * An operation under way. Parts settle it through {@link Completion}; the result counts from when the
 * loop takes it off the completion ring, so that no part ever runs firmware.
 */
export class Pending<T> implements Completion<T>, Suspension {
  settled = false;
  #resume: (() => void) | undefined;
  #done = false;
  #value: T | undefined;
  #error: Error | undefined;

  constructor(private readonly ring: SettledRing) {}

  succeed(value: T): void {
    this.#finish();
    this.#value = value;
    this.ring.append(this);
  }

  fail(fault: PartFault): void {
    this.reject(new PartError(fault));
  }

  /** As `fail`, for reasons inside the firmware. */
  reject(error: Error): void {
    this.#finish();
    this.#error = error;
    this.ring.append(this);
  }

  /** Whether `succeed`, `fail` or `reject` was called, delivered or not. */
  get done(): boolean {
    return this.#done;
  }

  onSettled(resume: () => void): boolean {
    if (this.#resume !== undefined) return false;
    this.#resume = resume;
    return true;
  }

  /** Called by the loop alone. */
  delivered(): void {
    this.settled = true;
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  /** The result, once settled. Throws what it failed with. */
  take(): T {
    if (!this.settled) throw new Error('a pending was taken before it was settled');
    if (this.#error !== undefined) throw this.#error;
    return this.#value as T;
  }

  #finish(): void {
    if (this.#done) throw new Error('a completion was settled twice');
    this.#done = true;
  }
}

/** Waits for one operation. */
export function* wait<T>(pending: Pending<T>): Task<T> {
  if (!pending.settled) yield pending;
  return pending.take();
}

/**
 * Waits until *all* are settled, then throws the first failure: memory lent to a part is not free
 * before the part is done with it (rule 10).
 */
export function* waitAll(pendings: readonly Pending<unknown>[]): Task {
  for (const pending of pendings) {
    if (!pending.settled) yield pending;
  }
  for (const pending of pendings) pending.take();
}
