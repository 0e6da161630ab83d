import type { FrameSink } from '../../../protos/framing/frame-sink.js';
import { must } from '../target.js';

/** A stream in chunks of these lengths, again and again; in one where there are none. */
export function chunksOf(stream: Uint8Array, lengths: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < stream.length; turn += 1) {
    const length = lengths.length === 0 ? stream.length : Math.max(1, lengths[turn % lengths.length] ?? 1);
    chunks.push(stream.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

/**
 * A sink that keeps the frames.
 * @param mostBytes what a receiver may ask memory for.
 * @param isFull whether there is no buffer this time.
 */
export function collected(frames: Uint8Array[], mostBytes: number, isFull: () => boolean): FrameSink {
  return {
    needBuffer: (lengthBytes) => {
      must(lengthBytes <= mostBytes, `it asks for ${String(lengthBytes)} bytes`);
      return isFull() ? undefined : new Uint8Array(lengthBytes);
    },
    frame: (buffer, lengthBytes) => {
      frames.push(buffer.slice(0, lengthBytes));
    },
  };
}

export function sameFrames(one: readonly Uint8Array[], other: readonly Uint8Array[]): boolean {
  return one.length === other.length && one.every((frame, at) => Buffer.compare(frame, other[at] ?? new Uint8Array(0)) === 0);
}
