import type { CardPart, Completion, PartFault } from '../../firmware/hal.js';
import type { Atom, DurablePart, Unsettled } from './card-image.js';
import type { FaultOptions } from './faults.js';
import type { Random } from './random.js';
import type { Scheduler, SimEvent } from './scheduler.js';

export type PartName = DurablePart | 'medium';
export type OperationKind = 'read' | 'write' | 'zero' | 'flush' | 'persist' | 'truncate' | 'open' | 'close' | 'recovered';

export interface Operation {
  readonly part: PartName;
  readonly kind: OperationKind;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

interface UnderWay {
  readonly event: SimEvent;
  readonly part: PartName;
  /** What a cut leaves old or new of it. */
  readonly atoms: (() => Atom[]) | undefined;
}

/** What the firmware calls them. */
const CARD_PARTS: Readonly<Record<PartName, CardPart>> = { nvram: 'nvram', volume: 'disk', store: 'disk', reserved: 'disk', medium: 'medium' };
/** Now and then an operation takes so many times longer: it waits behind others. */
const QUEUEING = 12;
const QUEUEING_CHANCE = 0.06;
/** How much longer a slow operation takes: as if the part had tried again and again. */
const SLOWNESS = 400;
const EFFECTLESS: ReadonlySet<OperationKind> = new Set(['read', 'open', 'close']);

/**
 * The power of one board, and the one place through which the operations of its parts go: each takes effect some
 * time after it was asked for, unless the power is cut before.
 */
export class SimPower {
  on = true;
  /** Looks at each effect, before the firmware learns of it. */
  observer: ((operation: Operation) => void) | undefined;
  /** Called before an effect: what is to have it is under way still. */
  beforeEffect: (() => void) | undefined;
  /** Called after an effect, before the firmware learns of it: it may cut the power. */
  onEffect: ((operation: Operation) => void) | undefined;
  readonly #underWay = new Set<UnderWay>();
  readonly #failedUs = new Map<PartName, number>();

  constructor(
    readonly name: string,
    readonly scheduler: Scheduler,
    readonly random: Random,
    readonly faults: () => FaultOptions,
  ) {}

  /**
   * @param atUs when it takes effect, if all goes well.
   * @param run does it; what it returns completes the operation, a fault fails it.
   * @param atoms what a cut of the power before that leaves old or new.
   */
  submit<T>(operation: Operation, atUs: number, done: Completion<T>, run: () => T | PartFault, atoms?: () => Atom[]): void {
    if (!this.on) return;
    const { part, kind, offsetBytes, lengthBytes } = operation;
    const underWay: UnderWay = {
      part,
      atoms,
      event: this.scheduler.at(atUs, { where: this.name, what: `${part} ${kind}`, offsetBytes, lengthBytes }, () => {
        if (!EFFECTLESS.has(kind)) this.beforeEffect?.();
        this.#underWay.delete(underWay);
        this.#perform(operation, done, run);
      }),
    };
    this.#underWay.add(underWay);
  }

  /** When an operation that is asked for now takes effect. */
  dueUs(leastUs: number, mostUs: number): number {
    const us = this.random.between(leastUs, mostUs) * (this.random.chance(QUEUEING_CHANCE) ? QUEUEING : 1);
    return this.scheduler.nowUs + (this.random.chance(this.faults().slow) ? us * SLOWNESS : us);
  }

  /** Writes under way, in the order in which they were asked for. */
  get unsettled(): Unsettled[] {
    return [...this.#underWay].flatMap(({ part, atoms }) => (part === 'medium' || atoms === undefined ? [] : [{ part, atoms: atoms() }]));
  }

  /** Whether an operation of the part has failed at this time, or since. */
  hasFailed(part: PartName, sinceUs: number): boolean {
    return (this.#failedUs.get(part) ?? -1) >= sinceUs;
  }

  /** The power goes: nothing that was under way takes effect by itself any more. */
  cut(): void {
    this.on = false;
    for (const { event } of this.#underWay) event.run = undefined;
    this.#underWay.clear();
  }

  #perform<T>(operation: Operation, done: Completion<T>, run: () => T | PartFault): void {
    const fault = this.#chanceFault(operation);
    const result = fault ?? run();
    if (fault === undefined && !EFFECTLESS.has(operation.kind)) {
      this.observer?.(operation);
      this.onEffect?.(operation);
      if (!this.on) return;
    }
    if (isFault(result)) done.fail(result);
    else done.succeed(result);
  }

  #chanceFault({ part, kind }: Operation): PartFault | undefined {
    const { diskError, nvramError } = this.faults();
    if (kind === 'recovered') return undefined;
    const probability = part === 'nvram' ? nvramError : diskError;
    if (probability === 0 || !this.random.chance(probability)) return undefined;
    this.#failedUs.set(part, this.scheduler.nowUs);
    return { part: CARD_PARTS[part], kind: 'io', text: `the ${part} failed in a ${kind}` };
  }
}

function isFault(result: unknown): result is PartFault {
  return typeof result === 'object' && result !== null && 'kind' in result && 'text' in result;
}
