import type { FrameReceiver, FrameSink } from '../../../protos/framing/frame-sink.js';

/** A sink that keeps a copy of each frame, and lends at most `buffers` buffers until told otherwise. */
export class CollectingSink implements FrameSink {
  readonly frames: Uint8Array[] = [];
  readonly wireBytes: number[] = [];
  readonly asked: number[] = [];

  constructor(public buffers = Number.POSITIVE_INFINITY) {}

  needBuffer(lengthBytes: number): Uint8Array | undefined {
    this.asked.push(lengthBytes);
    if (this.buffers === 0) return undefined;
    this.buffers -= 1;
    return new Uint8Array(lengthBytes);
  }

  frame(buffer: Uint8Array, lengthBytes: number, wireBytes: number): void {
    this.frames.push(buffer.slice(0, lengthBytes));
    this.wireBytes.push(wireBytes);
  }
}

/** Feeds `stream` in chunks that end at `cuts` (taken modulo its length). */
export function feedInPieces(receiver: FrameReceiver, stream: Uint8Array, cuts: readonly number[]): void {
  const ends = [...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    const piece = stream.slice(start, end);
    if (receiver.feed(piece) !== piece.length) throw new Error('the receiver paused though it had buffers');
    start = end;
  }
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
