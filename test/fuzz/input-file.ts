import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Input } from './target.js';

/** Before each byte string of an input stands its length in two bytes, little endian. */
const LENGTH_BYTES = 2;
/** Longest byte string of an input. */
export const MAX_PART_BYTES = 2 ** (8 * LENGTH_BYTES) - 1;

/** Corpora lie in the source tree, whether this runs from there or from `dist`. */
const CORPUS = 'test/fuzz/corpus';

export function encodeInput(input: Input): Uint8Array {
  return Buffer.concat(input.flatMap((part) => {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16LE(part.length);
    return [length, part];
  }));
}

/** Any bytes are an input: what a length promises and is not there is left out. */
export function decodeInput(bytes: Uint8Array): Input {
  const parts: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + LENGTH_BYTES <= bytes.length;) {
    const from = at + LENGTH_BYTES;
    at = from + view.getUint16(at, true);
    parts.push(plain(bytes.subarray(from, at)));
  }
  return parts;
}

/** A copy in memory of its own that is no Buffer, whose slices would be views. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

export interface CorpusFile {
  readonly path: string;
  readonly bytes: number;
  readonly input: Input;
}

export function readCorpus(target: string): CorpusFile[] {
  const directory = join(CORPUS, target);
  if (!existsSync(directory)) return [];
  return readdirSync(directory).sort().map((name) => {
    const path = join(directory, name);
    return { path, bytes: statSync(path).size, input: readInput(path) };
  });
}

export function readInput(path: string): Input {
  return decodeInput(readFileSync(path));
}

/** Replaces the corpus of a target. */
export function writeCorpus(target: string, inputs: readonly Input[]): void {
  const directory = join(CORPUS, target);
  rmSync(directory, { recursive: true, force: true });
  for (const input of inputs) writeInput(directory, input);
}

/** @returns the path of the file, which is named by its content. */
export function writeInput(directory: string, input: Input): string {
  const bytes = encodeInput(input);
  mkdirSync(directory, { recursive: true });
  const path = join(directory, createHash('sha256').update(bytes).digest('hex').slice(0, 12));
  writeFileSync(path, bytes);
  return path;
}
