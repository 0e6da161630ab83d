import type { SerialPort } from 'serialport';
import type { Completion } from '../../firmware/hal.js';
import { BLOCK_BYTES, FRAME_BUFFER_BYTES } from '../../firmware/limits.js';
import { CobsFrameReceiver, FRAME_CHECK_BYTES } from '../../protos/framing/cobs-frames.js';
import { formatAddress, type SerialAddress } from '../../protos/lines/address.js';
import { serialBytesPerSecond } from '../../protos/lines/serial-port.js';
import { MAX_SERIAL_PAYLOAD_BYTES, MIN_SERIAL_PAYLOAD_BYTES, SERIAL_FRAME_MS } from '../limits.js';
import type { FrameHub, Line } from './frame-hub.js';
import { FrameIntake } from './frame-intake.js';
import type { SerialWriter } from './serial-writer.js';

/** A connection over an open serial device: COBS frames with a CRC. */
export class SerialLine implements Line {
  readonly connection: number;
  readonly maxPayloadBytes: number;
  readonly #intake: FrameIntake;
  #ended = false;

  /** @param onEnd is called when the connection is gone, after the hub has been told. */
  constructor(
    private readonly port: SerialPort,
    private readonly writer: SerialWriter,
    private readonly hub: FrameHub,
    address: SerialAddress,
    private readonly onEnd: () => void,
  ) {
    this.maxPayloadBytes = serialPayloadBytes(address.baud);
    // A serial frame does not tell its length, so it is assembled where the longest one fits, CRC included.
    const ownBuffer = new Uint8Array(FRAME_BUFFER_BYTES + FRAME_CHECK_BYTES);
    this.#intake = new FrameIntake(hub, this, () => this.connection, (sink) => new CobsFrameReceiver(FRAME_BUFFER_BYTES, sink), ownBuffer);
    this.connection = hub.opened(this, formatAddress(address));
  }

  /** Takes what came in; false stops reading until the device is resumed. */
  take(chunk: Uint8Array): boolean {
    return this.#intake.feed(chunk);
  }

  resume(): void {
    if (this.#intake.resume()) this.port.resume();
  }

  send(head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    this.writer.send(head, payload, done);
  }

  /** The device stays open, and the other side notices nothing: there is no such thing as hanging up. */
  close(): void {
    this.end('closed by this card');
  }

  /** Forgets what is queued, and tells that the connection is gone. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.writer.forget(reason);
    const slot = this.#intake.end();
    if (slot !== undefined) this.hub.giveBack(slot);
    this.hub.closed(this.connection, reason);
    this.onEnd();
  }
}

/** Whole blocks that take about {@link SERIAL_FRAME_MS} to send. */
export function serialPayloadBytes(baud: number): number {
  const bytes = serialBytesPerSecond(baud) * (SERIAL_FRAME_MS / 1000);
  const bounded = Math.min(MAX_SERIAL_PAYLOAD_BYTES, Math.max(MIN_SERIAL_PAYLOAD_BYTES, bytes));
  return Math.floor(bounded / BLOCK_BYTES) * BLOCK_BYTES;
}
