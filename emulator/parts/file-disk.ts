import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { trim, trimSync } from 'fs-native-extensions';
import type { Completion, Disk, PartFault } from '../../firmware/hal.js';
import { SYNC_IO_BYTES, ZERO_WRITE_BYTES } from '../limits.js';
import { type Then, inTurn, readAllSync, writeAll, writeAllSync } from './file-io.js';
import { errorCode, partFault } from './part-fault.js';
import { ReadQueue } from './read-queue.js';

interface Segment {
  readonly fd: number;
  readonly longReads: ReadQueue;
}

/** The part of an operation that falls into one segment. */
interface Piece {
  readonly segment: Segment;
  readonly position: number;
  /** Where it stands in the operation. */
  readonly from: number;
  readonly to: number;
}

const NO_HOLES = new Set(['EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EINVAL']);

/**
 * A block device over sparse files. Writes, and short reads, run synchronously: they are in the page cache before
 * the thread pool would have woken up, and what has just come from a socket is still in the core's own cache.
 */
export class FileDisk implements Disk {
  readonly #segments: readonly Segment[];
  /** Segments with writes completed since the last flush began: all of them at first, of a process that was killed. */
  readonly #dirty: Set<Segment>;
  /** Flushes under way, by segment. */
  readonly #flushing = new Map<Segment, number>();
  /**
   * After a failed `fdatasync` the kernel forgets which pages were lost, and the next one succeeds. So this
   * disk never flushes again until it is opened anew.
   */
  #lost: PartFault | undefined;
  #punchesHoles = true;
  #underWay = 0;
  #onIdle: (() => void) | undefined;

  /**
   * @param paths the segments, in order; they exist.
   * @param segmentBytes length of all but the last.
   */
  constructor(
    private readonly name: string,
    paths: readonly string[],
    private readonly segmentBytes: number,
    readonly sizeBytes: number,
  ) {
    const segments: Segment[] = [];
    try {
      for (const path of paths) {
        const fd = openSync(path, 'r+');
        segments.push({ fd, longReads: new ReadQueue(fd) });
      }
    } catch (error) {
      for (const { fd } of segments) closeSync(fd);
      throw error;
    }
    this.#segments = segments;
    this.#dirty = new Set(segments);
  }

  read(offsetBytes: number, into: Uint8Array, done: Completion<void>): void {
    const pieces = this.#pieces(offsetBytes, into.length);
    if (into.length <= SYNC_IO_BYTES) {
      this.#now('read', done, pieces, ({ segment, position, from, to }) => {
        into.fill(0, from + readAllSync(segment.fd, into.subarray(from, to), position), to);
      });
      return;
    }
    this.#underWay += 1;
    const step = ({ segment, position, from, to }: Piece, then: Then): void => {
      segment.longReads.read(into.subarray(from, to), position, (error, bytes) => {
        // A sparse file may end early: what is not there reads as zeroes.
        if (error === null) into.fill(0, from + bytes, to);
        then(error);
      });
    };
    inTurn(pieces, step, (error) => { this.#end('read', done, error); });
  }

  write(offsetBytes: number, from: Uint8Array, done: Completion<void>): void {
    const pieces = this.#pieces(offsetBytes, from.length);
    this.#now('write', done, pieces, (piece) => {
      writeAllSync(piece.segment.fd, from.subarray(piece.from, piece.to), piece.position);
      this.#dirty.add(piece.segment);
    });
  }

  zero(offsetBytes: number, lengthBytes: number, done: Completion<void>): void {
    const pieces = this.#pieces(offsetBytes, lengthBytes);
    if (lengthBytes <= SYNC_IO_BYTES) {
      this.#now('zero', done, pieces, (piece) => { this.#zeroNow(piece); });
      return;
    }
    this.#underWay += 1;
    const step = (piece: Piece, then: Then): void => { this.#zeroPiece(piece, this.#dirtied(piece, then)); };
    inTurn(pieces, step, (error) => { this.#end('zero', done, error); });
  }

  flush(done: Completion<void>): void {
    if (this.#lost !== undefined) {
      done.fail(this.#lost);
      return;
    }
    // A flush under way may cover the same writes, and may still fail: ask for its segments again.
    const segments = [...new Set([...this.#dirty, ...this.#flushing.keys()])];
    this.#dirty.clear();
    for (const segment of segments) this.#flushing.set(segment, (this.#flushing.get(segment) ?? 0) + 1);
    this.#underWay += 1;
    const step = (segment: Segment, then: Then): void => { fdatasync(segment.fd, then); };
    inTurn(segments, step, (error) => {
      for (const segment of segments) this.#flushed(segment);
      if (error !== null) this.#lost = partFault('disk', `${this.name} flush`, error);
      this.#underWay -= 1;
      // Of two flushes at a time the kernel tells one of the failure.
      if (this.#lost === undefined) done.succeed();
      else done.fail(this.#lost);
      if (this.#underWay === 0) this.#onIdle?.();
    });
  }

  /** Lets what is under way end, makes everything durable, and ends the disk's use. */
  async close(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => { this.#onIdle = resolve; });
    try {
      for (const { fd } of this.#dirty) fdatasyncSync(fd);
    } finally {
      for (const { fd } of this.#segments) closeSync(fd);
    }
  }

  #flushed(segment: Segment): void {
    const others = (this.#flushing.get(segment) ?? 0) - 1;
    if (others > 0) this.#flushing.set(segment, others);
    else this.#flushing.delete(segment);
  }

  #pieces(offsetBytes: number, lengthBytes: number): Piece[] {
    if (!Number.isSafeInteger(offsetBytes) || offsetBytes < 0 || lengthBytes < 0 || offsetBytes + lengthBytes > this.sizeBytes) {
      throw new Error(`${String(lengthBytes)} bytes at ${String(offsetBytes)} are not on ${this.name}`);
    }
    const pieces: Piece[] = [];
    for (let from = 0; from < lengthBytes; ) {
      const index = Math.floor((offsetBytes + from) / this.segmentBytes);
      const position = offsetBytes + from - index * this.segmentBytes;
      const to = Math.min(lengthBytes, from + this.segmentBytes - position);
      const segment = this.#segments[index];
      if (segment === undefined) throw new Error(`${this.name} has no segment ${String(index)}`);
      pieces.push({ segment, position, from, to });
      from = to;
    }
    return pieces;
  }

  #now(what: string, done: Completion<void>, pieces: readonly Piece[], step: (piece: Piece) => void): void {
    try {
      for (const piece of pieces) step(piece);
    } catch (error) {
      this.#settle(what, done, error);
      return;
    }
    done.succeed();
  }

  /** Ends an operation that was under way beyond its call. */
  #end(what: string, done: Completion<void>, error: unknown): void {
    this.#underWay -= 1;
    this.#settle(what, done, error);
    if (this.#underWay === 0) this.#onIdle?.();
  }

  #settle(what: string, done: Completion<void>, error: unknown): void {
    if (error === null) done.succeed();
    else done.fail(partFault('disk', `${this.name} ${what}`, error));
  }

  #dirtied(piece: Piece, then: Then): Then {
    return (error) => {
      this.#dirty.add(piece.segment);
      then(error);
    };
  }

  #zeroNow(piece: Piece): void {
    const { segment, position, from, to } = piece;
    this.#dirty.add(segment);
    if (this.#punchesHoles) {
      try {
        trimSync(segment.fd, position, to - from);
        return;
      } catch (error) {
        if (!this.#givesUpHoles(error)) throw error;
      }
    }
    writeAllSync(segment.fd, new Uint8Array(to - from), position);
  }

  #zeroPiece(piece: Piece, then: Then): void {
    if (!this.#punchesHoles) {
      writeZeroes(piece, then);
      return;
    }
    trim(piece.segment.fd, piece.position, piece.to - piece.from).then(
      () => { then(null); },
      (error: unknown) => {
        if (this.#givesUpHoles(error)) writeZeroes(piece, then);
        else then(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  #givesUpHoles(error: unknown): boolean {
    if (!NO_HOLES.has(errorCode(error) ?? '')) return false;
    this.#punchesHoles = false;
    return true;
  }
}

function writeZeroes({ segment, position, from, to }: Piece, then: Then): void {
  const zeroes = new Uint8Array(Math.min(ZERO_WRITE_BYTES, to - from));
  const more = (at: number): void => {
    if (at === to) {
      then(null);
      return;
    }
    const bytes = Math.min(zeroes.length, to - at);
    writeAll(segment.fd, zeroes.subarray(0, bytes), position + at - from, (error) => {
      if (error === null) more(at + bytes);
      else then(error);
    });
  };
  more(from);
}
