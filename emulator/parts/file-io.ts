import { readSync, readv, write, writeSync, writev } from 'node:fs';

/*
 * Whole reads and writes: the system calls may do less than they were asked for. The synchronous ones throw
 * what the system reports, the others hand it to `then`, which runs once.
 */

export type Then = (error: Error | null) => void;

/** Returns the bytes read: fewer than asked for only where the file ends. */
export function readAllSync(fd: number, into: Uint8Array, position: number): number {
  let got = 0;
  while (got < into.length) {
    const bytes = readSync(fd, into, got, into.length - got, position + got);
    if (bytes === 0) break;
    got += bytes;
  }
  return got;
}

export function writeAllSync(fd: number, from: Uint8Array, position: number): void {
  let put = 0;
  while (put < from.length) put += writeSync(fd, from, put, from.length - put, position + put);
}

/** Fills the parts one after the other. As {@link readAllSync}. */
export function readAllParts(fd: number, parts: readonly Uint8Array[], position: number, then: (error: Error | null, bytes: number) => void): void {
  const left = [...parts];
  const more = (got: number): void => {
    if (left.length === 0) {
      then(null, got);
      return;
    }
    readv(fd, left, position + got, (error, bytes) => {
      if (error !== null) {
        then(error, got);
        return;
      }
      dropFront(left, bytes);
      if (bytes === 0) left.length = 0;
      more(got + bytes);
    });
  };
  more(0);
}

export function writeAll(fd: number, from: Uint8Array, position: number, then: Then): void {
  const more = (put: number): void => {
    write(fd, from, put, from.length - put, position + put, (error, bytes) => {
      if (error !== null) then(error);
      else if (put + bytes === from.length) then(null);
      else more(put + bytes);
    });
  };
  more(0);
}

/** Writes the parts one after the other. */
export function writeAllParts(fd: number, parts: readonly Uint8Array[], position: number, then: Then): void {
  const left = parts.filter((part) => part.length > 0);
  const more = (at: number): void => {
    if (left.length === 0) {
      then(null);
      return;
    }
    writev(fd, left, at, (error, bytes) => {
      if (error !== null) {
        then(error);
        return;
      }
      dropFront(left, bytes);
      more(at + bytes);
    });
  };
  more(position);
}

/** Does all steps, each after the one before; stops at the first error. */
export function inTurn<T>(items: readonly T[], step: (item: T, then: Then) => void, then: Then): void {
  const next = (index: number): void => {
    const item = items[index];
    if (item === undefined) {
      then(null);
      return;
    }
    step(item, (error) => {
      if (error === null) next(index + 1);
      else then(error);
    });
  };
  next(0);
}


function dropFront(parts: Uint8Array[], bytes: number): void {
  let left = bytes;
  while (left > 0) {
    const [first] = parts;
    if (first === undefined) return;
    if (first.length > left) {
      parts[0] = first.subarray(left);
      return;
    }
    left -= first.length;
    parts.shift();
  }
}
