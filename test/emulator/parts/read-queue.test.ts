import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorCode } from '../../../emulator/parts/part-fault.js';
import { ReadQueue } from '../../../emulator/parts/read-queue.js';
import { pattern, same, temporaryDirectory } from '../support.js';

const PIECE_BYTES = 256 * 1024;

interface Outcome {
  readonly error: Error | null;
  readonly bytes: number;
  readonly into: Uint8Array;
}

function queueOver(content: Uint8Array): { read: (position: number, length?: number) => Promise<Outcome>; broken: ReadQueue } {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, content);
  const queue = new ReadQueue(openSync(path, 'r'));
  return {
    read: (position, length = PIECE_BYTES) => new Promise((resolve) => {
      const into = new Uint8Array(length);
      queue.read(into, position, (error, bytes) => { resolve({ error, bytes, into }); });
    }),
    broken: new ReadQueue(openSync(path, 'a')),
  };
}

describe('ReadQueue', () => {
  const content = pattern(12 * PIECE_BYTES + 1000, 1);

  it('reads what is asked for at once, in order, backwards and across, each into its own memory', async () => {
    const { read } = queueOver(content);
    const positions = [0, 1, 2, 3, 4, 5, 11, 10, 9, 3, 7, 8, 0].map((piece) => piece * PIECE_BYTES);
    const outcomes = await Promise.all(positions.map((position) => read(position)));
    outcomes.forEach(({ error, bytes, into }, i) => {
      expect(error).toBeNull();
      expect(bytes).toBe(PIECE_BYTES);
      const at = positions[i] ?? Number.NaN;
      expect(same(into, content.subarray(at, at + PIECE_BYTES))).toBe(true);
    });
  });

  it('goes on after it was idle', async () => {
    const { read } = queueOver(content);
    await read(0);
    expect(same((await read(PIECE_BYTES)).into, content.subarray(PIECE_BYTES, 2 * PIECE_BYTES))).toBe(true);
  });

  it('tells each read how much of it the file holds', async () => {
    const { read } = queueOver(content);
    const outcomes = await Promise.all([11, 12, 13].map((piece) => read(piece * PIECE_BYTES)));
    expect(outcomes.map(({ error, bytes }) => [error, bytes])).toEqual([[null, PIECE_BYTES], [null, 1000], [null, 0]]);
  });

  it('tells each of several reads of a file that cannot be read', async () => {
    const { broken } = queueOver(content);
    const codes = await Promise.all([0, 1, 2].map((piece) => new Promise((resolve) => {
      broken.read(new Uint8Array(PIECE_BYTES), piece * PIECE_BYTES, (error) => { resolve(errorCode(error)); });
    })));
    expect(codes).toEqual(['EBADF', 'EBADF', 'EBADF']);
  });
});
