import { CardComponents } from './components.js';
import type { Hal } from './hal.js';
import { EventLoop } from './kernel/event-loop.js';
import type { Task } from './kernel/pending.js';
import { recover } from './metadata/recovery.js';

/**
 * A storage adapter card's firmware. The board calls {@link boot} once, and {@link step} whenever it was
 * woken; everything else comes in through the hal.
 */
export class Card {
  readonly loop: EventLoop;
  #components: CardComponents | undefined;
  #shutDown = false;

  /** @param wake called when there is something to step. */
  constructor(
    private readonly hal: Hal,
    wake: () => void,
  ) {
    this.loop = new EventLoop(hal.clock, wake);
  }

  /** The running card's components, once it has recovered: for whoever looks into it. */
  get components(): CardComponents | undefined {
    return this.#components;
  }

  get shutDown(): boolean {
    return this.#shutDown;
  }

  /** Power is on: recovers whatever state NVRAM and disk hold, then serves. */
  boot(): void {
    this.loop.spawn('boot', this.#boot());
  }

  /**
   * Takes up to `limit` completions off the ring; returns whether more are there.
   * @throws FirmwareFault when the card broke one of its own rules, or cannot come up; it is not stepped again.
   */
  step(limit: number): boolean {
    return this.loop.step(limit);
  }

  /** Begins a clean end: commands in flight finish, everything becomes durable. `shutDown` tells when. */
  shutdown(): void {
    this.loop.spawn('shutdown', this.#drain());
  }

  *#boot(): Task {
    const state = yield* recover(this.loop, this.hal);
    const components = new CardComponents(this.loop, this.hal, state);
    yield* components.start();
    this.#components = components;
  }

  *#drain(): Task {
    if (this.#components !== undefined) yield* this.#components.shutdown();
    this.#shutDown = true;
  }
}
