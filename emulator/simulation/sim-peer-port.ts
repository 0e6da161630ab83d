import type { Completion, PeerPort, PortEvent } from '../../firmware/hal.js';
import type { AttachedPort, SimLink } from './sim-link.js';

interface Posted {
  readonly buffer: Uint8Array;
  readonly done: Completion<PortEvent>;
}

/** Overwritten before a frame lands: a view that outlives its frame is found out (rule 10). */
const STAIN = 0xa5;
/** As much of a receive buffer as the simulation's frames use. */
const STAINED_BYTES = 5120;

/** A board's port on the simulated link. */
export class SimPeerPort implements PeerPort, AttachedPort {
  readonly listening = true;
  #posted: Posted[] = [];
  #waiting: { readonly event: PortEvent; readonly bytes: Uint8Array | undefined }[] = [];

  constructor(
    private readonly link: SimLink,
    readonly address: string,
    private readonly powered: () => boolean,
  ) {
    link.attach(this);
  }

  get on(): boolean {
    return this.powered();
  }

  receive(buffer: Uint8Array, done: Completion<PortEvent>): void {
    if (!this.on) return;
    this.#posted.push({ buffer, done });
    this.#match();
  }

  send(connection: number, head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    if (this.on) this.link.send(this, connection, payload === undefined ? [head] : [head, payload], done);
  }

  close(connection: number): void {
    if (this.on) this.link.close(this, connection);
  }

  maxPayloadBytes(): number {
    return this.link.maxPayloadBytes;
  }

  dial(address: string, done: Completion<number>): void {
    if (this.on) this.link.dial(this, address, done);
  }

  /** The power went: buffers and events are gone. */
  cut(silent: boolean): void {
    this.#posted = [];
    this.#waiting = [];
    this.link.powerLost(this, silent);
  }

  event(event: PortEvent): void {
    this.#waiting.push({ event, bytes: undefined });
    this.#match();
  }

  frame(connection: number, bytes: Uint8Array): void {
    this.#waiting.push({ event: { kind: 'frame', connection, lengthBytes: bytes.length, wireBytes: bytes.length }, bytes });
    this.#match();
  }

  #match(): void {
    while (this.#waiting.length > 0) {
      const posted = this.#posted.pop();
      if (posted === undefined) return;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      posted.buffer.fill(STAIN, 0, STAINED_BYTES);
      if (next.bytes !== undefined) posted.buffer.set(next.bytes);
      posted.done.succeed(next.event);
    }
  }
}
