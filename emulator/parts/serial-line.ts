import type { SerialPort } from 'serialport';
import type { Completion } from '../../firmware/hal.js';
import { BLOCK_BYTES, FRAME_BUFFER_BYTES } from '../../firmware/limits.js';
import { CobsFrameReceiver, encodeCobsFrame, FRAME_CHECK_BYTES } from '../../protos/framing/cobs-frames.js';
import { MAX_SERIAL_PAYLOAD_BYTES, MIN_SERIAL_PAYLOAD_BYTES, SERIAL_FRAME_MS } from '../limits.js';
import type { FrameHub, Line } from './frame-hub.js';
import { FrameIntake } from './frame-intake.js';
import { errorText } from './part-fault.js';

/** Eight data bits, a start bit and a stop bit. */
const BITS_PER_BYTE = 10;

interface Outgoing {
  readonly head: Uint8Array;
  readonly payload: Uint8Array | undefined;
  readonly done: Completion<number>;
}

/** A connection over an open serial device: COBS frames with a CRC. */
export class SerialLine implements Line {
  readonly connection: number;
  readonly maxPayloadBytes: number;
  readonly #intake: FrameIntake;
  readonly #queue: Outgoing[] = [];
  /** What is being written: its memory was encoded, its turn is not over. */
  #writing: Outgoing | undefined;
  #ended = false;

  /** @param onEnd is called when the connection is gone, after the hub has been told. */
  constructor(
    private readonly port: SerialPort,
    private readonly hub: FrameHub,
    remote: string,
    baud: number,
    private readonly onEnd: () => void,
  ) {
    this.maxPayloadBytes = serialPayloadBytes(baud);
    // A serial frame does not tell its length, so it is assembled where the longest one fits, CRC included.
    const ownBuffer = new Uint8Array(FRAME_BUFFER_BYTES + FRAME_CHECK_BYTES);
    this.#intake = new FrameIntake(hub, this, () => this.connection, (sink) => new CobsFrameReceiver(FRAME_BUFFER_BYTES, sink), ownBuffer);
    this.connection = hub.opened(this, remote);
  }

  /** Takes what came in; false stops reading until the device is resumed. */
  take(chunk: Uint8Array): boolean {
    return this.#intake.feed(chunk);
  }

  resume(): void {
    if (this.#intake.resume()) this.port.resume();
  }

  send(head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    this.#queue.push({ head, payload, done });
    this.#pump();
  }

  /** The device stays open, and the other side notices nothing: there is no such thing as hanging up. */
  close(): void {
    this.end('closed by this card');
  }

  /** Forgets what is queued, and tells that the connection is gone. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const unsent = [...(this.#writing === undefined ? [] : [this.#writing]), ...this.#queue.splice(0)];
    this.#writing = undefined;
    for (const { done } of unsent) done.fail({ kind: 'closed', text: reason });
    const slot = this.#intake.end();
    if (slot !== undefined) this.hub.giveBack(slot);
    this.hub.closed(this.connection, reason);
    this.onEnd();
  }

  #pump(): void {
    if (this.#writing !== undefined || this.#ended) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    this.#writing = next;
    const frame = encodeCobsFrame(next.payload === undefined ? [next.head] : [next.head, next.payload]);
    this.port.write(frame, (error) => {
      if (this.#writing !== next) return;
      this.#writing = undefined;
      if (error === null || error === undefined) next.done.succeed(frame.length);
      else next.done.fail({ kind: 'closed', text: errorText(error) });
      this.#pump();
    });
  }
}

/** Whole blocks that take about {@link SERIAL_FRAME_MS} to send. */
export function serialPayloadBytes(baud: number): number {
  const bytes = (baud / BITS_PER_BYTE) * (SERIAL_FRAME_MS / 1000);
  const bounded = Math.min(MAX_SERIAL_PAYLOAD_BYTES, Math.max(MIN_SERIAL_PAYLOAD_BYTES, bytes));
  return Math.floor(bounded / BLOCK_BYTES) * BLOCK_BYTES;
}
