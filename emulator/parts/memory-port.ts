import type { Completion } from '../../firmware/hal.js';
import { FRAME_BUFFER_BYTES, MAX_TRANSFER_BYTES } from '../../firmware/limits.js';
import { MEMORY_BACKLOG_FRAMES } from '../limits.js';
import type { FrameHub, Line } from './frame-hub.js';

/** The other end of an in-process connection: a host's, which knows no more of it than this shape. */
export interface FrameChannel {
  /** Sends one frame, made up of the parts. They are copied before it returns. */
  send(parts: readonly Uint8Array[]): void;
  /** Frames come one at a time, never during a call of `send`. Set it before the first is sent. */
  onFrame(handler: (frame: Uint8Array) => void): void;
  onClose(handler: (reason: string) => void): void;
  close(): void;
}

/** Makes an in-process connection to the hub's port; undefined when it has no room. */
export function connectInProcess(hub: FrameHub, remote: string): FrameChannel | undefined {
  return hub.hasRoom ? new MemoryLine(hub, remote).channel : undefined;
}

/** A connection inside the process. Each direction is a queue: no side ever runs inside the other's call. */
export class MemoryLine implements Line {
  readonly connection: number;
  readonly maxPayloadBytes = MAX_TRANSFER_BYTES;
  readonly channel: FrameChannel;
  readonly #inbound: Uint8Array[] = [];
  readonly #outbound: Uint8Array[] = [];
  #deliveringIn = false;
  #deliveringOut = false;
  #onFrame: (frame: Uint8Array) => void = () => undefined;
  #onClose: (reason: string) => void = () => undefined;
  #ended: string | undefined;

  constructor(
    private readonly hub: FrameHub,
    remote: string,
  ) {
    this.channel = {
      send: (parts) => { this.#sendIn(parts); },
      onFrame: (handler) => { this.#onFrame = handler; },
      onClose: (handler) => { this.#onClose = handler; },
      close: () => { this.end('the other side closed the connection'); },
    };
    this.connection = hub.opened(this, remote);
  }

  send(head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    if (this.#ended !== undefined) {
      done.fail({ part: 'port', kind: 'closed', text: this.#ended });
      return;
    }
    const frame = joined(payload === undefined ? [head] : [head, payload]);
    this.#outbound.push(frame);
    done.succeed(frame.length);
    if (this.#deliveringOut) return;
    this.#deliveringOut = true;
    queueMicrotask(() => { this.#deliverOut(); });
  }

  close(): void {
    this.end('closed by the card');
  }

  resume(): void {
    this.#scheduleIn();
  }

  /** Ends the connection. Frames on their way to the card are lost, as they are when a cable is cut. */
  end(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#inbound.length = 0;
    queueMicrotask(() => {
      this.#deliverOut();
      this.hub.closed(this.connection, reason);
      this.#onClose(reason);
    });
  }

  #sendIn(parts: readonly Uint8Array[]): void {
    if (this.#ended !== undefined) return;
    const frame = joined(parts);
    if (frame.length > FRAME_BUFFER_BYTES) {
      this.end(`a frame of ${String(frame.length)} bytes is over the limit of ${String(FRAME_BUFFER_BYTES)}`);
    } else if (this.#inbound.length >= MEMORY_BACKLOG_FRAMES) {
      this.end(`more than ${String(MEMORY_BACKLOG_FRAMES)} frames that the card could not take yet`);
    } else {
      this.#inbound.push(frame);
      this.#scheduleIn();
    }
  }

  #scheduleIn(): void {
    if (this.#deliveringIn) return;
    this.#deliveringIn = true;
    // Not a microtask: a host and a card that answer each other at once would never let timers and files in.
    setImmediate(() => {
      this.#deliveringIn = false;
      this.#deliverIn();
    });
  }

  #deliverIn(): void {
    for (let frame = this.#inbound[0]; frame !== undefined; frame = this.#inbound[0]) {
      const slot = this.hub.take(this);
      if (slot === undefined) return;
      this.#inbound.shift();
      slot.buffer.set(frame);
      this.hub.frame(slot, this.connection, frame.length, frame.length);
    }
  }

  #deliverOut(): void {
    this.#deliveringOut = false;
    for (let frame = this.#outbound.shift(); frame !== undefined; frame = this.#outbound.shift()) this.#onFrame(frame);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const frame = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}
