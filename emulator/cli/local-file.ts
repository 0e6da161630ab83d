import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { LocalFileError } from './errors.js';
import { PIECE_BYTES } from './limits.js';

/** In place of a path: stdin or stdout. */
export const STANDARD_STREAM = '-';

/** Length of a file; undefined for what has none, as a pipe. @throws LocalFileError when it cannot be read. */
export async function fileLength(path: string): Promise<number | undefined> {
  if (path === STANDARD_STREAM) return undefined;
  try {
    const file = await open(path, 'r');
    try {
      const found = await file.stat();
      if (found.isDirectory()) throw new Error('it is a directory');
      return found.isFile() ? found.size : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new LocalFileError(path, 'read', reasonOf(error));
  }
}

/** The content of a file or of stdin, in chunks that nobody else uses. */
export async function* fileChunks(path: string): AsyncGenerator<Uint8Array> {
  const stream = path === STANDARD_STREAM ? process.stdin : createReadStream(path, { highWaterMark: PIECE_BYTES });
  try {
    // Without an encoding set, a stream of either kind yields buffers.
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    throw new LocalFileError(path, 'read', reasonOf(error));
  }
}

export interface FileSink {
  write(data: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

/** Writes a file, or stdout. A file that is there is replaced, but only once the first data comes. */
export function fileSink(path: string): FileSink {
  if (path === STANDARD_STREAM) {
    return { write: (data) => writeOut(process.stdout, data), end: () => Promise.resolve() };
  }
  let stream: Writable | undefined;
  const guarded = async (work: (target: Writable) => Promise<void>): Promise<void> => {
    try {
      stream ??= await openForWriting(path);
      await work(stream);
    } catch (error) {
      throw new LocalFileError(path, 'written', reasonOf(error));
    }
  };
  return {
    write: (data) => guarded((target) => writeOut(target, data)),
    end: () => guarded(async (target) => {
      target.end();
      await once(target, 'close');
    }),
  };
}

async function openForWriting(path: string): Promise<Writable> {
  const stream = createWriteStream(path);
  await once(stream, 'ready');
  // Failures come through the writes' callbacks; without a listener the event would end the process.
  stream.on('error', () => undefined);
  return stream;
}

function writeOut(stream: Writable, data: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(data, (error) => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
