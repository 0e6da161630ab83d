import { PIECE_BYTES, PIECES_IN_FLIGHT } from './limits.js';
import type { Card } from './world.js';

export interface Upload {
  readonly offsetBytes: number;
  readonly fua: boolean;
  /** Called with the bytes that the card has taken so far. */
  readonly onProgress: (doneBytes: number) => void;
}

interface Piece {
  readonly lengthBytes: number;
  readonly written: Promise<void>;
}

/**
 * Writes a stream of chunks to the card, a bounded number of bytes under way.
 * @returns how many bytes were written.
 * @throws CommandError MISALIGNED when the stream ends inside a block; what came before is written then.
 */
export async function upload(card: Card, chunks: AsyncIterable<Uint8Array>, { offsetBytes, fua, onProgress }: Upload): Promise<number> {
  const underWay: Piece[] = [];
  let underWayBytes = 0;
  let sentBytes = 0;
  let doneBytes = 0;
  const awaitOldest = async (): Promise<void> => {
    const oldest = underWay.shift();
    if (oldest === undefined) return;
    await oldest.written;
    underWayBytes -= oldest.lengthBytes;
    doneBytes += oldest.lengthBytes;
    onProgress(doneBytes);
  };
  for await (const piece of wholeBlocks(chunks, card.geometry.blockBytes)) {
    while (underWayBytes + piece.length > PIECES_IN_FLIGHT * PIECE_BYTES && underWay.length > 0) await awaitOldest();
    const written = card.write(offsetBytes + sentBytes, piece, { fua });
    written.catch(() => undefined); // It is awaited later, maybe after another one failed.
    underWay.push({ lengthBytes: piece.length, written });
    underWayBytes += piece.length;
    sentBytes += piece.length;
  }
  while (underWay.length > 0) await awaitOldest();
  return doneBytes;
}

/** Regroups chunks so that each ends with a block; what is left over at the end comes as it is, for the driver to refuse. */
async function* wholeBlocks(chunks: AsyncIterable<Uint8Array>, blockBytes: number): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array(0);
  for await (const chunk of chunks) {
    const joined = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const wholeBytes = joined.length - (joined.length % blockBytes);
    if (wholeBytes > 0) yield joined.subarray(0, wholeBytes);
    rest = joined.slice(wholeBytes);
  }
  if (rest.length > 0) yield rest;
}
