/** One delivery: a completion, a frame, a timer, or something that the scenario does. */
export interface SimEvent {
  readonly atUs: number;
  readonly order: number;
  /** Where it happens, and what: for the trace. */
  readonly where: string;
  readonly what: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Undefined once cancelled. */
  run: (() => void) | undefined;
}

/** What tells one event of a trace from another. */
export interface EventLabel {
  readonly where: string;
  readonly what: string;
  readonly offsetBytes?: number;
  readonly lengthBytes?: number;
}

/** Events that a failure report shows. */
const REMEMBERED_EVENTS = 64;
const FNV_PRIME = 0x01000193;

/**
 * Virtual time. Nothing happens but by {@link deliver}, which takes the earliest event; of two at one instant the
 * one scheduled first. When nothing is due, time jumps to the next event: nobody ever polls.
 */
export class Scheduler {
  #nowUs = 0;
  #order = 0;
  #delivered = 0;
  #hash = 0x811c9dc5;
  /** A binary heap: the parent of i stands at (i - 1) / 2. */
  readonly #heap: SimEvent[] = [];
  readonly #recent: SimEvent[] = [];
  /** Told of every event before it happens. */
  onEvent: ((event: SimEvent) => void) | undefined;

  get nowUs(): number {
    return this.#nowUs;
  }

  /** Events delivered so far. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Of all events delivered so far, in their order and with their times: equal where two runs were the same. */
  get traceHash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  /** The last events, the latest last. */
  get recent(): readonly SimEvent[] {
    const from = this.#delivered % REMEMBERED_EVENTS;
    return [...this.#recent.slice(from), ...this.#recent.slice(0, from)];
  }

  /** @param atUs not before now. */
  at(atUs: number, label: EventLabel, run: () => void): SimEvent {
    const event: SimEvent = {
      atUs: Math.max(atUs, this.#nowUs),
      order: this.#order,
      where: label.where,
      what: label.what,
      offsetBytes: label.offsetBytes ?? 0,
      lengthBytes: label.lengthBytes ?? 0,
      run,
    };
    this.#order += 1;
    this.#push(event);
    return event;
  }

  after(delayUs: number, label: EventLabel, run: () => void): SimEvent {
    return this.at(this.#nowUs + delayUs, label, run);
  }

  /** Delivers the earliest event. Returns false when there is none until then; `untilUs` has come in that case. */
  deliver(untilUs = Number.POSITIVE_INFINITY): boolean {
    for (;;) {
      const event = this.#heap[0];
      if (event === undefined || event.atUs > untilUs) {
        if (untilUs < Number.POSITIVE_INFINITY) this.#nowUs = Math.max(this.#nowUs, untilUs);
        return false;
      }
      this.#pop();
      const { run } = event;
      if (run === undefined) continue;
      this.#nowUs = event.atUs;
      this.#note(event);
      event.run = undefined;
      this.onEvent?.(event);
      run();
      return true;
    }
  }

  #note(event: SimEvent): void {
    this.#recent[this.#delivered % REMEMBERED_EVENTS] = event;
    this.#delivered += 1;
    let hash = this.#hash;
    hash = Math.imul(hash ^ event.atUs, FNV_PRIME);
    hash = Math.imul(hash ^ event.offsetBytes, FNV_PRIME);
    hash = Math.imul(hash ^ event.lengthBytes, FNV_PRIME);
    this.#hash = withText(withText(hash, event.where), event.what);
  }

  #push(event: SimEvent): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, event)) break;
      heap[index] = above;
      heap[parent] = event;
      index = parent;
    }
  }

  #pop(): SimEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      let smaller = heap[child];
      const right = heap[child + 1];
      if (smaller !== undefined && right !== undefined && isBefore(right, smaller)) {
        child += 1;
        smaller = right;
      }
      if (smaller === undefined || isBefore(last, smaller)) break;
      heap[index] = smaller;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

/** All of it, and where it ends. */
function withText(hash: number, text: string): number {
  let mixed = Math.imul(hash ^ text.length, FNV_PRIME);
  for (let at = 0; at < text.length; at += 1) mixed = Math.imul(mixed ^ text.charCodeAt(at), FNV_PRIME);
  return mixed;
}

function isBefore(one: SimEvent, other: SimEvent): boolean {
  return one.atUs < other.atUs || (one.atUs === other.atUs && one.order < other.order);
}
