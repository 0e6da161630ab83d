import type { MediumFile } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import { type Pending, type Task, wait } from '../kernel/pending.js';
import { MAX_TRANSFER_BYTES } from '../limits.js';
import { mediumError, settled } from './medium-io.js';
import { MEDIUM_RING_BYTES } from './medium-memory.js';

/** How much one read of the medium asks for. */
const READ_BYTES = MAX_TRANSFER_BYTES;

interface Read {
  readonly endBytes: number;
  readonly done: Pending<void>;
}

/**
 * The bytes of a medium from front to back, read ahead into a ring of memory. What was taken from it is
 * a view of the ring, valid until released.
 */
export class MediumStream {
  readonly #reads: Read[] = [];
  #releasedBytes: number;
  #requestedBytes: number;
  #arrivedBytes: number;

  /**
   * All offsets are the medium's.
   *
   * @param memory of MEDIUM_MEMORY_BYTES.
   */
  constructor(
    private readonly loop: EventLoop,
    private readonly file: MediumFile,
    private readonly memory: Uint8Array,
    startBytes: number,
    readonly endBytes: number,
  ) {
    this.#releasedBytes = startBytes;
    this.#requestedBytes = startBytes;
    this.#arrivedBytes = startBytes;
  }

  /**
   * Waits until the medium is read up to `toBytes`, which is at most MAX_ENCODED_CHUNK_BYTES beyond what
   * was taken, and at most the end.
   *
   * @throws CommandError MEDIUM_TRUNCATED, MEDIUM_ERROR.
   */
  *arrived(toBytes: number): Task {
    this.#readAhead();
    while (this.#arrivedBytes < toBytes) {
      const read = this.#reads.shift();
      if (read === undefined) throw new Error('the medium stream has no room for what was asked of it');
      try {
        yield* wait(read.done);
      } catch (error) {
        throw mediumError(error);
      }
      this.#arrivedBytes = read.endBytes;
      this.#readAhead();
    }
  }

  /** What arrived at `fromBytes`, in one piece. */
  view(fromBytes: number, lengthBytes: number): Uint8Array {
    const start = fromBytes % MEDIUM_RING_BYTES;
    const beyond = start + lengthBytes - MEDIUM_RING_BYTES;
    // The room behind the ring is free: whoever used it last used memory that was released since.
    if (beyond > 0) this.memory.copyWithin(MEDIUM_RING_BYTES, 0, beyond);
    return this.memory.subarray(start, start + lengthBytes);
  }

  /** Nothing before `toBytes` is looked at any more. */
  release(toBytes: number): void {
    this.#releasedBytes = toBytes;
  }

  /** Waits until no read is under way any more. */
  *stop(): Task {
    yield* settled(this.#reads.map((read) => read.done));
  }

  #readAhead(): void {
    while (this.#requestedBytes < this.endBytes) {
      const start = this.#requestedBytes % MEDIUM_RING_BYTES;
      const length = Math.min(READ_BYTES, this.endBytes - this.#requestedBytes, MEDIUM_RING_BYTES - start);
      if (this.#requestedBytes + length - this.#releasedBytes > MEDIUM_RING_BYTES) return;
      const offset = this.#requestedBytes;
      const into = this.memory.subarray(start, start + length);
      this.#requestedBytes += length;
      this.#reads.push({ endBytes: this.#requestedBytes, done: this.loop.start<void>((done) => { this.file.read(offset, into, done); }) });
    }
  }
}
