import { PIECE_BYTES, PIECES_IN_FLIGHT } from './limits.js';
import type { Card } from './world.js';

export interface Download {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Takes the data in order; its memory is used again once the promise settles. */
  readonly sink: (data: Uint8Array) => Promise<void>;
  /** Called with the bytes that the sink has taken so far. */
  readonly onProgress: (doneBytes: number) => void;
}

/** Reads a range of the card into a sink, several pieces ahead of it. */
export async function download(card: Card, { offsetBytes, lengthBytes, sink, onProgress }: Download): Promise<void> {
  const pieces = Math.ceil(lengthBytes / PIECE_BYTES);
  const memory = Array.from({ length: Math.min(pieces, PIECES_IN_FLIGHT) }, () => new Uint8Array(Math.min(PIECE_BYTES, lengthBytes)));
  const start = (piece: number): Promise<Uint8Array> => {
    const from = piece * PIECE_BYTES;
    // There are as many buffers as pieces under way, so the one that comes around is free again.
    const target = (memory[piece % memory.length] ?? new Uint8Array(PIECE_BYTES)).subarray(0, Math.min(PIECE_BYTES, lengthBytes - from));
    const read = card.readInto(offsetBytes + from, target).then(() => target);
    read.catch(() => undefined); // It is awaited later, maybe after another one failed.
    return read;
  };
  const underWay = memory.map((_buffer, piece) => start(piece));
  for (let piece = 0; piece < pieces; piece += 1) {
    const data = await underWay.shift();
    if (data === undefined) return; // Never: one is started for each that is awaited.
    await sink(data);
    onProgress(Math.min((piece + 1) * PIECE_BYTES, lengthBytes));
    if (piece + memory.length < pieces) underWay.push(start(piece + memory.length));
  }
}
