import type { Completion, FramePort, PartFault, PortEvent } from '../hal.js';
import type { EventLoop } from './event-loop.js';
import { PartError } from './pending.js';

/** Who takes what a port brings. */
export interface Reception {
  readonly loop: EventLoop;
  readonly port: FramePort;
  /** For a fault: what was going on. */
  readonly name: string;
  /** Whoever has the slot posts it again. */
  arrived(event: PortEvent, slot: ReceiveSlot): void;
}

/**
 * A place in the receive ring of a port, with its buffer. The same slot is posted again and again: a card has so many
 * of them that a task, or a pending, for each frame would cost more than the frame.
 */
export class ReceiveSlot implements Completion<PortEvent> {
  #posted = false;
  #outcome: PortEvent | PartError | undefined;

  constructor(
    private readonly reception: Reception,
    readonly buffer: Uint8Array,
  ) {}

  /** Gives the buffer to the port. */
  post(): void {
    if (this.#posted) throw new Error('a receive slot was posted twice');
    this.#posted = true;
    this.reception.port.receive(this.buffer, this);
  }

  succeed(event: PortEvent): void {
    this.#finish(event);
  }

  fail(fault: PartFault): void {
    this.#finish(new PartError(fault));
  }

  #finish(outcome: PortEvent | PartError): void {
    if (!this.#posted || this.#outcome !== undefined) throw new Error('a completion was settled twice');
    this.#outcome = outcome;
    this.reception.loop.append(this);
  }

  /** Called by the loop alone. */
  delivered(): void {
    const outcome = this.#outcome;
    const { loop, name } = this.reception;
    this.#posted = false;
    this.#outcome = undefined;
    try {
      if (outcome instanceof PartError) throw outcome;
      if (outcome !== undefined) this.reception.arrived(outcome, this);
    } catch (error) {
      loop.broke(name, error);
    }
  }
}
