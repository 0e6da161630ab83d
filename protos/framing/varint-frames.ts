import { FrameError, type FrameReceiver, type FrameSink } from './frame-sink.js';

/*
 * Framing on TCP: the length of the message as a varint, then the message. It is what protobuf-es calls
 * sizeDelimited and nanopb PB_ENCODE_DELIMITED, so any protobuf library can speak it.
 */

/** A varint of 32 bits takes at most this many bytes. */
export const MAX_LENGTH_PREFIX_BYTES = 5;

const LENGTH_BITS_PER_BYTE = 7;
const MORE_BYTES_FOLLOW = 0x80;

/** Bytes that `value` takes as a varint. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= MORE_BYTES_FOLLOW; rest = Math.floor(rest / MORE_BYTES_FOLLOW)) bytes += 1;
  return bytes;
}

/** Writes `value`, an unsigned number of at most 32 bits, and returns the index behind it. */
export function putVarint(into: Uint8Array, at: number, value: number): number {
  let rest = value;
  let end = at;
  while (rest >= MORE_BYTES_FOLLOW) {
    into[end++] = (rest % MORE_BYTES_FOLLOW) | MORE_BYTES_FOLLOW;
    rest = Math.floor(rest / MORE_BYTES_FOLLOW);
  }
  into[end++] = rest;
  return end;
}

/** What goes onto the wire before a message of `lengthBytes`. */
export function encodeLengthPrefix(lengthBytes: number): Uint8Array {
  const prefix = new Uint8Array(varintBytes(lengthBytes));
  putVarint(prefix, 0, lengthBytes);
  return prefix;
}

/** Receives varint-delimited frames. A length is judged before any memory is asked for. */
export class VarintFrameReceiver implements FrameReceiver {
  #prefixBytes = 0;
  #lengthBytes = 0;
  #lengthKnown = false;
  #buffer: Uint8Array | undefined;
  #filledBytes = 0;
  #failure: FrameError | undefined;

  /** @param maxFrameBytes the longest message, its prefix aside; a longer one is an error. */
  constructor(
    private readonly maxFrameBytes: number,
    private readonly sink: FrameSink,
  ) {}

  feed(chunk: Uint8Array, from = 0): number {
    if (this.#failure !== undefined) throw this.#failure;
    let at = from;
    while (at < chunk.length) {
      if (!this.#lengthKnown) {
        at = this.#takePrefix(chunk, at);
        continue;
      }
      this.#buffer ??= this.sink.needBuffer(this.#lengthBytes);
      if (this.#buffer === undefined) return at;
      at = this.#takeBody(this.#buffer, chunk, at);
    }
    return at;
  }

  /**
   * Where the rest of the frame under way belongs: a stream may be read straight into it, which saves a copy, and
   * is then reported with {@link filled}. Undefined between frames and while the sink has no buffer.
   */
  get rest(): Uint8Array | undefined {
    return this.#buffer?.subarray(this.#filledBytes, this.#lengthBytes);
  }

  /** The first `bytes` of {@link rest} have come. */
  filled(bytes: number): void {
    if (this.#buffer !== undefined) this.#advance(this.#buffer, bytes);
  }

  abandon(): Uint8Array | undefined {
    const buffer = this.#buffer;
    this.#expectPrefix();
    return buffer;
  }

  #takePrefix(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at++] ?? 0;
      // Multiplied, not shifted: five bytes carry 35 bits, which a shift would fold back into 32.
      this.#lengthBytes += (byte % MORE_BYTES_FOLLOW) * 2 ** (LENGTH_BITS_PER_BYTE * this.#prefixBytes);
      this.#prefixBytes += 1;
      if (byte < MORE_BYTES_FOLLOW) {
        this.#checkLength();
        this.#lengthKnown = true;
        return at;
      }
      if (this.#prefixBytes === MAX_LENGTH_PREFIX_BYTES) {
        this.#fail(`a frame's length goes on after ${String(MAX_LENGTH_PREFIX_BYTES)} bytes; this is not a grainlink stream`);
      }
    }
    return at;
  }

  #checkLength(): void {
    if (this.#lengthBytes === 0) this.#fail('a frame of zero length; every frame carries a message');
    if (this.#lengthBytes > this.maxFrameBytes) {
      this.#fail(`a frame of ${String(this.#lengthBytes)} bytes is over the limit of ${String(this.maxFrameBytes)}`);
    }
  }

  #takeBody(buffer: Uint8Array, chunk: Uint8Array, at: number): number {
    const bytes = Math.min(this.#lengthBytes - this.#filledBytes, chunk.length - at);
    buffer.set(at === 0 && bytes === chunk.length ? chunk : chunk.subarray(at, at + bytes), this.#filledBytes);
    this.#advance(buffer, bytes);
    return at + bytes;
  }

  #advance(buffer: Uint8Array, bytes: number): void {
    this.#filledBytes += bytes;
    if (this.#filledBytes < this.#lengthBytes) return;
    const lengthBytes = this.#lengthBytes;
    const wireBytes = this.#prefixBytes + lengthBytes;
    this.#expectPrefix();
    this.sink.frame(buffer, lengthBytes, wireBytes);
  }

  #expectPrefix(): void {
    this.#prefixBytes = 0;
    this.#lengthBytes = 0;
    this.#lengthKnown = false;
    this.#buffer = undefined;
    this.#filledBytes = 0;
  }

  #fail(message: string): never {
    this.#failure = new FrameError(message);
    throw this.#failure;
  }
}
