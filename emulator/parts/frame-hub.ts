import type { Completion, FramePort, PortEvent } from '../../firmware/hal.js';
import { MAX_TRANSFER_BYTES } from '../../firmware/limits.js';

/** One connection, as the hub sees it. */
export interface Line {
  /** Completes with the bytes put on the wire; fails `closed` when they did not get there. */
  send(head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void;
  /** Ends the connection. The line still tells the hub when it is gone. */
  close(): void;
  /** There is a buffer again for a line that found none. */
  resume(): void;
  readonly maxPayloadBytes: number;
}

/** A posted buffer. */
export interface Slot {
  readonly buffer: Uint8Array;
  readonly done: Completion<PortEvent>;
}

/**
 * The receive ring and the connections of one port, whatever carries them. Events complete in the order in
 * which they happen. A line holds a slot while it assembles a frame, so a frame that is long in coming
 * keeps its own buffer from the others, and nothing else.
 */
export class FrameHub implements FramePort {
  /** The one posted last is used first: it is still in the cache. */
  readonly #posted: Slot[] = [];
  /** Events without a frame that found no buffer: two a connection at most. */
  readonly #waiting: PortEvent[] = [];
  readonly #lines = new Map<number, Line>();
  readonly #stalled = new Set<Line>();
  /** Connections whose `closed` event is not told yet count as well. */
  #connections = 0;
  #nextConnection = 1;

  constructor(private readonly maxConnections: number) {}

  /** Whether one more connection may come. */
  get hasRoom(): boolean {
    return this.#connections < this.maxConnections;
  }

  receive(buffer: Uint8Array, done: Completion<PortEvent>): void {
    const event = this.#waiting.shift();
    if (event !== undefined) {
      this.#tell(done, event);
      return;
    }
    this.#posted.push({ buffer, done });
    this.#resumeStalled();
  }

  send(connection: number, head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    const line = this.#lines.get(connection);
    if (line === undefined) done.fail({ part: 'port', kind: 'closed', text: 'the connection is closed' });
    else line.send(head, payload, done);
  }

  close(connection: number): void {
    this.#lines.get(connection)?.close();
  }

  maxPayloadBytes(connection: number): number {
    // For a connection that has gone any size will do, but none: whoever splits by it finds out when sending.
    return this.#lines.get(connection)?.maxPayloadBytes ?? MAX_TRANSFER_BYTES;
  }

  /** A connection came. Ask {@link hasRoom} before. */
  opened(line: Line, remote: string): number {
    const connection = this.#nextConnection;
    this.#nextConnection += 1;
    this.#connections += 1;
    this.#lines.set(connection, line);
    this.#event({ kind: 'opened', connection, remote });
    return connection;
  }

  /** A buffer to assemble a frame in; without one the line stops reading until it is resumed. */
  take(line: Line): Slot | undefined {
    const slot = this.#posted.pop();
    if (slot === undefined) this.#stalled.add(line);
    return slot;
  }

  /** A frame stands in the slot. */
  frame(slot: Slot, connection: number, lengthBytes: number, wireBytes: number): void {
    slot.done.succeed({ kind: 'frame', connection, lengthBytes, wireBytes });
  }

  /** Takes back the slot of a frame that was begun and will not end. */
  giveBack(slot: Slot): void {
    const event = this.#waiting.shift();
    if (event !== undefined) {
      this.#tell(slot.done, event);
      return;
    }
    this.#posted.push(slot);
    this.#resumeStalled();
  }

  /** The connection is gone. */
  closed(connection: number, reason: string): void {
    const line = this.#lines.get(connection);
    if (line !== undefined) this.#stalled.delete(line);
    this.#lines.delete(connection);
    this.#event({ kind: 'closed', connection, reason });
  }

  #event(event: PortEvent): void {
    const slot = this.#posted.pop();
    if (slot === undefined) this.#waiting.push(event);
    else this.#tell(slot.done, event);
  }

  #tell(done: Completion<PortEvent>, event: PortEvent): void {
    if (event.kind === 'closed') this.#connections -= 1;
    done.succeed(event);
  }

  /** First come, first served: a line that stalls again goes to the back. */
  #resumeStalled(): void {
    for (const line of this.#stalled) {
      if (this.#posted.length === 0) return;
      this.#stalled.delete(line);
      line.resume();
    }
  }
}
