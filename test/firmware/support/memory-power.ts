import type { Completion, PartFault } from '../../../firmware/hal.js';

/** One operation of a part, as a test sees it before it takes place. */
export interface PartOperation {
  readonly part: 'nvram' | 'volume' | 'store' | 'reserved' | 'medium';
  readonly kind: 'read' | 'write' | 'zero' | 'flush' | 'persist' | 'truncate' | 'open';
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

interface Held {
  readonly operation: PartOperation;
  run(): void;
}

/**
 * The power of a board of memory parts, and the one place through which all their operations go. As
 * they come they take place at once; a test may count them, cut the power before one, make one fail,
 * or hold them back and let them go in another order.
 */
export class MemoryPower {
  /** Durable effects so far: everything but reads. */
  effects = 0;
  on = true;
  /** What the power was cut in the middle of. */
  cutIn: PartOperation | undefined;
  /** Decides what becomes of an operation: a fault, held until {@link release}, or (undefined) done at once. */
  intercept: ((operation: PartOperation) => PartFault | 'hold' | undefined) | undefined;
  #cutBefore = Number.POSITIVE_INFINITY;
  #held: Held[] = [];

  /** Lets `effects` more effects happen and cuts the power in the middle of the next one. */
  cutAfter(effects: number): void {
    this.#cutBefore = this.effects + effects;
  }

  get held(): readonly PartOperation[] {
    return this.#held.map((held) => held.operation);
  }

  /** @param tear what a cut in the middle of it leaves, when that is not nothing. */
  submit<T>(operation: PartOperation, done: Completion<T>, run: () => T | PartFault, tear?: () => void): void {
    if (!this.on) return;
    const verdict = this.intercept?.(operation);
    if (verdict === 'hold') this.#held.push({ operation, run: () => { this.#perform(operation, done, run, tear); } });
    else if (verdict === undefined) this.#perform(operation, done, run, tear);
    else done.fail(verdict);
  }

  /** Carries out held operations: all of them, or those that `which` picks, in the order they came. */
  release(which: (operation: PartOperation) => boolean = () => true): void {
    const held = this.#held;
    this.#held = held.filter((one) => !which(one.operation));
    for (const one of held) if (which(one.operation)) one.run();
  }

  /** Carries out one held operation that `random` (0 ≤ x < 1) picks; NVRAM keeps its order. Returns whether there was one. */
  releaseOne(random: number): boolean {
    let index = Math.floor(random * this.#held.length);
    if (this.#held[index]?.operation.part === 'nvram') index = this.#held.findIndex((one) => one.operation.part === 'nvram');
    const [one] = this.#held.splice(index, 1);
    one?.run();
    return one !== undefined;
  }

  /** Forgets what was under way. Parts drop what was not durable; see MemoryBoard.powerCycle. */
  cycle(): void {
    this.on = true;
    this.cutIn = undefined;
    this.intercept = undefined;
    this.#held = [];
    this.#cutBefore = Number.POSITIVE_INFINITY;
  }

  #perform<T>(operation: PartOperation, done: Completion<T>, run: () => T | PartFault, tear?: () => void): void {
    if (!this.on) return;
    if (operation.kind !== 'read' && operation.kind !== 'open') {
      if (this.effects === this.#cutBefore) {
        this.on = false;
        this.cutIn = operation;
        tear?.();
        return;
      }
      this.effects += 1;
    }
    const result = run();
    if (isFault(result)) done.fail(result);
    else done.succeed(result);
  }
}

function isFault(result: unknown): result is PartFault {
  return typeof result === 'object' && result !== null && 'kind' in result && 'text' in result;
}

/** A small deterministic generator: x in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}
