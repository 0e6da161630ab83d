/*
 * Consistent overhead byte stuffing (Cheshire and Baker, 1999): no zero byte is left in what it encodes, so
 * a zero can delimit. Written here because the npm package `cobs` pushes byte by byte onto arrays, wants the
 * whole frame at once, and uses the deprecated Buffer constructor, which pure code has not got.
 */

/** A block's code counts itself and the bytes behind it; this one stands for 254 bytes and no zero. */
const FULL_BLOCK_CODE = 0xff;
const BYTES_IN_FULL_BLOCK = FULL_BLOCK_CODE - 1;

/** Most bytes that `lengthBytes` take encoded, without delimiters. */
export function maxCobsBytes(lengthBytes: number): number {
  return lengthBytes + Math.ceil(lengthBytes / BYTES_IN_FULL_BLOCK) + 1;
}

/** Encodes `parts`, one after the other, at `start` of `into`; returns the index behind them. */
export function cobsEncode(parts: readonly Uint8Array[], into: Uint8Array, start: number): number {
  let codeAt = start;
  let at = start + 1;
  let code = 1;
  for (const part of parts) {
    // By index: an iterator over a typed array takes several times as long.
    for (let i = 0; i < part.length; i += 1) {
      const byte = part[i] ?? 0;
      // Closed only when another byte comes, so that a full last block is not followed by an empty one.
      if (code === FULL_BLOCK_CODE) {
        into[codeAt] = code;
        codeAt = at++;
        code = 1;
      }
      if (byte === 0) {
        into[codeAt] = code;
        codeAt = at++;
        code = 1;
      } else {
        into[at++] = byte;
        code += 1;
      }
    }
  }
  into[codeAt] = code;
  return at;
}

/** Decodes one frame as its bytes come in, up to a limit. */
export class CobsDecoder {
  #blockLeft = 0;
  #zeroOwed = false;
  #lengthBytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** Bytes decoded so far. */
  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** Whether the frame could end here: not in the middle of a block. */
  get atBlockEnd(): boolean {
    return this.#blockLeft === 0;
  }

  restart(): void {
    this.#blockLeft = 0;
    this.#zeroOwed = false;
    this.#lengthBytes = 0;
  }

  /**
   * Decodes `chunk[from..to)`, none of which is zero, behind what `into` holds already.
   * @returns false as soon as the frame is over the limit.
   */
  decode(chunk: Uint8Array, from: number, to: number, into: Uint8Array): boolean {
    let at = from;
    while (at < to) {
      if (this.#blockLeft === 0) {
        if (!this.#startBlock(chunk[at++] ?? 0, into)) return false;
        continue;
      }
      const bytes = Math.min(this.#blockLeft, to - at);
      if (this.#lengthBytes + bytes > this.maxBytes) return false;
      into.set(chunk.subarray(at, at + bytes), this.#lengthBytes);
      this.#lengthBytes += bytes;
      this.#blockLeft -= bytes;
      at += bytes;
    }
    return true;
  }

  #startBlock(code: number, into: Uint8Array): boolean {
    if (this.#zeroOwed) {
      if (this.#lengthBytes === this.maxBytes) return false;
      into[this.#lengthBytes++] = 0;
    }
    this.#blockLeft = code - 1;
    this.#zeroOwed = code !== FULL_BLOCK_CODE;
    return true;
  }
}
