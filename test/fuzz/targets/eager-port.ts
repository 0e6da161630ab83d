import type { Completion, PeerPort, PortEvent } from '../../../firmware/hal.js';

interface Slot {
  readonly buffer: Uint8Array;
  readonly done: Completion<PortEvent>;
}

/** A port whose line takes frames at once; what the card sends is kept. */
export class EagerPort implements PeerPort {
  readonly listening = true;
  readonly posted: Slot[] = [];
  /** Frames that the card sent, oldest first. */
  readonly sent: Uint8Array[] = [];
  #open: number | undefined;
  #next = 1;
  /** Events that found no buffer. */
  readonly #waiting: { readonly event: PortEvent; readonly bytes: Uint8Array }[] = [];

  /** @param payloadLimitBytes largest payload of a frame. */
  constructor(private readonly payloadLimitBytes: number) {}

  /** The connection that is open: there is one at a time. */
  get connection(): number | undefined {
    return this.#open;
  }

  receive(buffer: Uint8Array, done: Completion<PortEvent>): void {
    this.posted.push({ buffer, done });
    const next = this.#waiting.shift();
    if (next !== undefined) this.#tell(next.event, next.bytes);
  }

  send(connection: number, head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    if (connection !== this.#open) {
      done.fail({ part: 'port', kind: 'closed', text: 'the connection is closed' });
      return;
    }
    const frame = new Uint8Array(Buffer.concat(payload === undefined ? [head] : [head, payload]));
    this.sent.push(frame);
    done.succeed(frame.length);
  }

  close(connection: number): void {
    if (connection === this.#open) this.hangUp();
  }

  maxPayloadBytes(): number {
    return this.payloadLimitBytes;
  }

  dial(_address: string, done: Completion<number>): void {
    done.succeed(this.connect());
  }

  connect(): number {
    this.hangUp();
    const connection = this.#next;
    this.#next += 1;
    this.#open = connection;
    this.#tell({ kind: 'opened', connection, remote: 'a fuzzer' }, new Uint8Array(0));
    return connection;
  }

  /** Hands a frame to the card, on the connection that is open. */
  deliver(frame: Uint8Array): void {
    if (this.#open !== undefined) this.#tell({ kind: 'frame', connection: this.#open, lengthBytes: frame.length, wireBytes: frame.length }, frame);
  }

  hangUp(): void {
    const connection = this.#open;
    if (connection === undefined) return;
    this.#open = undefined;
    this.#tell({ kind: 'closed', connection, reason: 'hung up' }, new Uint8Array(0));
  }

  #tell(event: PortEvent, bytes: Uint8Array): void {
    const slot = this.posted.shift();
    if (slot === undefined) {
      this.#waiting.push({ event, bytes });
      return;
    }
    slot.buffer.set(bytes);
    slot.done.succeed(event);
  }
}
