import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Completion, PartFault, Trace } from '../../firmware/hal.js';

/** A fault that a part reported, as a rejection. */
export class Faulted extends Error {
  constructor(readonly fault: PartFault) {
    super(`${fault.kind}: ${fault.text}`);
  }
}

/** Runs an operation of a part; rejects with {@link Faulted}, and when it is settled twice. */
export function settled<T>(operation: (done: Completion<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let settledBefore = false;
    const once = (): void => {
      if (settledBefore) throw new Error('settled twice');
      settledBefore = true;
    };
    operation({
      succeed: (value) => { once(); resolve(value); },
      fail: (fault) => { once(); reject(new Faulted(fault)); },
    });
  });
}

/** A fresh directory, removed after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'grainlink-test-'));
  directories.push(directory);
  return directory;
}

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A trace that keeps the names of its events. */
export function recordingTrace(): Trace & { readonly names: string[] } {
  const names: string[] = [];
  return { names, event: (name) => { names.push(name); } };
}

/** Bytes that depend on the seed and do not repeat soon. */
export function pattern(lengthBytes: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < lengthBytes; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Whether two arrays hold the same bytes; `toEqual` takes seconds over long ones. */
export function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** Waits until `condition` holds; the test's own time limit ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
