import type { FramePort, PortEvent } from '../../firmware/hal.js';
import { FRAME_BUFFER_BYTES } from '../../firmware/limits.js';
import { settled, until } from './support.js';

/** Something that happened at a port, a frame with its bytes. */
export type Seen = PortEvent & { readonly bytes?: Uint8Array };

/** Uses a port as the firmware does: posts buffers, and posts each again after its event. */
export class PortUser {
  readonly seen: Seen[] = [];
  #held = false;
  readonly #idle: Uint8Array[] = [];

  constructor(
    readonly port: FramePort,
    buffers = 4,
  ) {
    for (let i = 0; i < buffers; i += 1) this.#post(new Uint8Array(FRAME_BUFFER_BYTES));
  }

  /** Posts no buffer until {@link release}. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    for (const buffer of this.#idle.splice(0)) this.#post(buffer);
  }

  of<K extends PortEvent['kind']>(kind: K): Extract<Seen, { kind: K }>[] {
    return this.seen.filter((event): event is Extract<Seen, { kind: K }> => event.kind === kind);
  }

  get frames(): Uint8Array[] {
    return this.of('frame').map((event) => event.bytes ?? new Uint8Array());
  }

  /** Waits for so many events of a kind. */
  async expect<K extends PortEvent['kind']>(kind: K, count = 1): Promise<Extract<Seen, { kind: K }>[]> {
    await until(() => this.of(kind).length >= count);
    return this.of(kind);
  }

  send(connection: number, head: Uint8Array, payload?: Uint8Array): Promise<number> {
    return settled<number>((done) => { this.port.send(connection, head, payload, done); });
  }

  #post(buffer: Uint8Array): void {
    this.port.receive(buffer, {
      succeed: (event) => {
        this.seen.push(event.kind === 'frame' ? { ...event, bytes: buffer.slice(0, event.lengthBytes) } : event);
        // As the card does: in a later turn, never inside the part's call.
        setImmediate(() => {
          if (this.#held) this.#idle.push(buffer);
          else this.#post(buffer);
        });
      },
      fail: () => { throw new Error('receive does not fail'); },
    });
  }
}
