import CRC32C from 'crc-32/crc32c.js';
import { CobsDecoder, cobsEncode, maxCobsBytes } from './cobs.js';
import type { FrameReceiver, FrameSink } from './frame-sink.js';

/*
 * Framing on a serial line: zero, COBS of (message, CRC-32C), zero. Whatever the line garbles, the next zero
 * is the start of something new: a listener can join in the middle, and a bad length cannot stall the link.
 */

/** The CRC-32C behind each message, little endian. A receive buffer needs room for it. */
export const FRAME_CHECK_BYTES = 4;

const DELIMITER = 0;
const DELIMITERS_PER_FRAME = 2;

/** One frame, delimiters included, of the message that `parts` make up one after the other. */
export function encodeCobsFrame(parts: readonly Uint8Array[]): Uint8Array {
  const check = new Uint8Array(FRAME_CHECK_BYTES);
  let crc = 0;
  let lengthBytes = FRAME_CHECK_BYTES;
  for (const part of parts) {
    crc = CRC32C.buf(part, crc);
    lengthBytes += part.length;
  }
  new DataView(check.buffer).setInt32(0, crc, true);

  const frame = new Uint8Array(maxCobsBytes(lengthBytes) + DELIMITERS_PER_FRAME);
  frame[0] = DELIMITER;
  const end = cobsEncode([...parts, check], frame, 1);
  frame[end] = DELIMITER;
  return frame.subarray(0, end + 1);
}

/** What became of everything that came in, since the receiver was made. */
export interface CobsStats {
  frames: number;
  /** Dropped: not COBS, or too short to be a message and its CRC. */
  malformed: number;
  /** Dropped: longer than the limit. */
  oversize: number;
  /** Dropped: the CRC does not fit. */
  badCheck: number;
  /** Bytes before the first delimiter and of all that was dropped. */
  skippedBytes: number;
}

/**
 * Receives COBS frames. Never throws: what is not a frame is dropped and counted, and the receiver is in
 * step again at the next delimiter.
 */
export class CobsFrameReceiver implements FrameReceiver {
  readonly #stats: CobsStats = { frames: 0, malformed: 0, oversize: 0, badCheck: 0, skippedBytes: 0 };
  readonly #decoder: CobsDecoder;
  /** Until the first delimiter, and in an oversize frame, there is nothing to decode. */
  #skipping = true;
  #encodedBytes = 0;
  /** Kept when a frame is dropped: the next one is assembled there. */
  #buffer: Uint8Array | undefined;

  /**
   * @param maxFrameBytes the longest message, its CRC aside. The sink is asked for buffers of
   * {@link FRAME_CHECK_BYTES} more.
   */
  constructor(
    private readonly maxFrameBytes: number,
    private readonly sink: FrameSink,
  ) {
    this.#decoder = new CobsDecoder(maxFrameBytes + FRAME_CHECK_BYTES);
  }

  get stats(): Readonly<CobsStats> {
    return this.#stats;
  }

  feed(chunk: Uint8Array, from = 0): number {
    let at = from;
    while (at < chunk.length) {
      if (chunk[at] === DELIMITER) {
        at += 1;
        this.#endFrame();
        continue;
      }
      const delimiterAt = chunk.indexOf(DELIMITER, at);
      const end = delimiterAt < 0 ? chunk.length : delimiterAt;
      if (this.#skipping) {
        this.#stats.skippedBytes += end - at;
      } else {
        this.#buffer ??= this.sink.needBuffer(this.maxFrameBytes + FRAME_CHECK_BYTES);
        if (this.#buffer === undefined) return at;
        this.#decode(this.#buffer, chunk, at, end);
      }
      at = end;
    }
    return at;
  }

  abandon(): Uint8Array | undefined {
    const buffer = this.#buffer;
    this.#buffer = undefined;
    this.#startFrame();
    this.#skipping = true;
    return buffer;
  }

  #decode(buffer: Uint8Array, chunk: Uint8Array, from: number, to: number): void {
    this.#encodedBytes += to - from;
    if (this.#decoder.decode(chunk, from, to, buffer)) return;
    this.#drop('oversize');
    this.#skipping = true;
  }

  #endFrame(): void {
    const buffer = this.#buffer;
    const lengthBytes = this.#decoder.lengthBytes - FRAME_CHECK_BYTES;
    const wireBytes = this.#encodedBytes + DELIMITERS_PER_FRAME;
    const good = !this.#skipping && this.#encodedBytes > 0 && buffer !== undefined && this.#check(buffer, lengthBytes);
    this.#startFrame();
    if (!good) return;
    this.#stats.frames += 1;
    this.#buffer = undefined;
    this.sink.frame(buffer, lengthBytes, wireBytes);
  }

  #check(buffer: Uint8Array, lengthBytes: number): boolean {
    if (!this.#decoder.atBlockEnd || lengthBytes <= 0) return this.#drop('malformed');
    const check = new DataView(buffer.buffer, buffer.byteOffset + lengthBytes, FRAME_CHECK_BYTES).getInt32(0, true);
    return check === CRC32C.buf(buffer.subarray(0, lengthBytes)) || this.#drop('badCheck');
  }

  #drop(reason: 'malformed' | 'oversize' | 'badCheck'): false {
    this.#stats[reason] += 1;
    this.#stats.skippedBytes += this.#encodedBytes;
    return false;
  }

  #startFrame(): void {
    this.#skipping = false;
    this.#encodedBytes = 0;
    this.#decoder.restart();
  }
}
