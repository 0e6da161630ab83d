import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fileChunks } from '../local-file.js';
import { CHECK_BLOCK_BYTES, CHUNK_BYTES } from './settings.js';
import { machineFiles } from './source-files.js';

/** Real data, as it comes to lie on the volume. */
export interface SourceData {
  /** Whole blocks; each chunk is memory of its own. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Files that were taken so far. */
  files(): number;
}

/** The content of one file, its last block filled up with zeroes. */
export function imageData(path: string): SourceData {
  return { chunks: inWholeBlocks(fileChunks(path)), files: () => 1 };
}

/** As many files of this machine as fill `limitBytes`, each from a block of its own on, as in a file system. */
export function machineData(limitBytes: number): SourceData {
  let files = 0;
  const taken = (): void => { files += 1; };
  return { chunks: packedFiles(limitBytes, taken), files: () => files };
}

async function* packedFiles(limitBytes: number, taken: () => void): AsyncGenerator<Uint8Array> {
  let chunk = new Uint8Array(Math.min(CHUNK_BYTES, limitBytes));
  let filledBytes = 0;
  let leftBytes = limitBytes;
  for await (const path of machineFiles()) {
    const file = await openRegular(path);
    if (file === undefined) continue;
    try {
      for (let position = 0; ; ) {
        const bytes = await readSome(file, chunk.subarray(filledBytes), position);
        if (bytes === 0) break;
        if (position === 0) taken();
        position += bytes;
        filledBytes = wholeBlocks(filledBytes + bytes);
        if (filledBytes < chunk.length) continue;
        yield chunk;
        leftBytes -= chunk.length;
        if (leftBytes === 0) return;
        chunk = new Uint8Array(Math.min(CHUNK_BYTES, leftBytes));
        filledBytes = 0;
      }
    } finally {
      await file.close();
    }
  }
  if (filledBytes > 0) yield chunk.subarray(0, filledBytes);
}

/** Undefined for what cannot be read, or turned into something else since it was listed. */
async function openRegular(path: string): Promise<FileHandle | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => undefined);
  if (file === undefined) return undefined;
  const stats = await file.stat().catch(() => undefined);
  if (stats?.isFile() === true) return file;
  await file.close();
  return undefined;
}

/** 0 at the end of the file, and where it cannot be read. */
async function readSome(file: FileHandle, into: Uint8Array, position: number): Promise<number> {
  const { bytesRead } = await file.read(into, 0, into.length, position).catch(() => ({ bytesRead: 0 }));
  return bytesRead;
}

async function* inWholeBlocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array(0);
  for await (const chunk of chunks) {
    const joined = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const wholeBytes = joined.length - (joined.length % CHECK_BLOCK_BYTES);
    if (wholeBytes > 0) yield joined.subarray(0, wholeBytes);
    rest = joined.slice(wholeBytes);
  }
  if (rest.length === 0) return;
  const last = new Uint8Array(CHECK_BLOCK_BYTES);
  last.set(rest);
  yield last;
}

function wholeBlocks(bytes: number): number {
  return Math.ceil(bytes / CHECK_BLOCK_BYTES) * CHECK_BLOCK_BYTES;
}
