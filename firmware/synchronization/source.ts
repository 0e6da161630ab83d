import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { CardCore } from '../core.js';
import type { BufferPool } from '../kernel/buffer-pool.js';
import { PartError, type Pending, type Task, wait, waitAll } from '../kernel/pending.js';
import type { RangeLockHandle } from '../kernel/range-lock.js';
import { Semaphore } from '../kernel/sync.js';
import { BARRIER_FRAMES, MAX_BARRIERS_IN_FLIGHT, MAX_GRAINS_PER_BARRIER } from '../limits.js';
import type { Tracking } from '../metadata/tracking.js';
import { type LinkSession, SessionEnded } from '../remote-copy/link-session.js';

/** Grains made durable at the secondary by synchronization since boot; `markers` of them never written. */
export interface SourceCounters {
  grains: number;
  markers: number;
}

interface LockedGrain {
  readonly grain: number;
  readonly lock: RangeLockHandle;
}

/**
 * The primary's half of synchronization (316): copies the grains that its metadata component calls
 * out-of-sync, and no others. A grain stays locked from before it is read until it is durable on both
 * cards and its bit is clear (rules 3 and 10).
 */
export class SynchronizationSource {
  readonly #barriers = new Map<number, Pending<Status>>();
  readonly #room: Semaphore;
  #nextBarrier = 1;

  constructor(
    private readonly core: CardCore,
    private readonly tracking: Tracking,
    private readonly buffers: BufferPool,
    private readonly session: LinkSession,
    private readonly counters: SourceCounters,
  ) {
    this.#room = new Semaphore(core.loop, MAX_BARRIERS_IN_FLIGHT);
    session.onEnd(() => { this.#abandon(); });
  }

  /** Copies, in passes over the volume, until nothing is out-of-sync or the session ends. */
  *copyAll(): Task {
    while (this.session.ended === undefined && this.tracking.outOfSyncCount > 0) {
      yield* this.#pass();
    }
  }

  /** The secondary's answer to a barrier; one that nobody waits for came late and is dropped. */
  barrierDone(id: number, status: Status): void {
    const pending = this.#barriers.get(id);
    if (pending === undefined) return;
    this.#barriers.delete(id);
    pending.succeed(status);
  }

  /** One pass only moves forward, so it never meets a grain that is still under way. */
  *#pass(): Task {
    const batches: Pending<void>[] = [];
    let cursor = 0;
    while (this.session.ended === undefined) {
      yield* this.#room.acquire();
      const batch = yield* this.#lockBatch(cursor);
      const last = batch.at(-1);
      if (last === undefined) {
        this.#room.release();
        break;
      }
      cursor = last.grain + 1;
      const sent = yield* this.#sendBatch(batch);
      batches.push(this.core.loop.fork('sync-batch', this.#finishBatch(batch, sent)));
      while (batches[0]?.settled === true) batches.shift();
    }
    yield* waitAll(batches);
  }

  *#lockBatch(from: number): Task<LockedGrain[]> {
    const mostBytes = BARRIER_FRAMES * this.session.maxPayloadBytes;
    const batch: LockedGrain[] = [];
    let bytes = 0;
    let grain = this.tracking.nextOutOfSync(from);
    while (grain < this.tracking.dirty.grains && batch.length < MAX_GRAINS_PER_BARRIER && (bytes === 0 || bytes < mostBytes)) {
      const lock = yield* this.core.volume.lockGrains({ first: grain, grains: 1 });
      if (this.tracking.isOutOfSync(grain)) {
        batch.push({ grain, lock });
        if (this.core.volume.isWritten(grain)) bytes += this.core.volume.grainLength(grain);
      } else {
        this.core.locks.release(lock);
      }
      grain = this.tracking.nextOutOfSync(grain + 1);
    }
    return batch;
  }

  /** Sends every piece and then the barrier. Returns the barrier's pending answer; undefined when the session ended. */
  *#sendBatch(batch: readonly LockedGrain[]): Task<Pending<Status> | undefined> {
    const pieces: Pending<boolean>[] = [];
    for (const { grain } of batch) {
      if (!this.core.volume.isWritten(grain)) {
        pieces.push(this.core.loop.fork('sync-marker', this.#sendMarker(grain)));
        continue;
      }
      const lengthBytes = this.core.volume.grainLength(grain);
      for (let at = 0; at < lengthBytes; at += this.session.maxPayloadBytes) {
        const pieceBytes = Math.min(this.session.maxPayloadBytes, lengthBytes - at);
        const buffer = yield* this.buffers.acquire();
        pieces.push(this.core.loop.fork('sync-piece', this.#sendPiece(grain, at, buffer, pieceBytes)));
      }
    }
    let whole = true;
    for (const piece of pieces) {
      if (!(yield* wait(piece))) whole = false;
    }
    if (!whole || this.session.ended !== undefined) return undefined;
    const id = this.#nextBarrier;
    this.#nextBarrier = (this.#nextBarrier % 0xffffffff) + 1;
    const done = this.core.loop.pending<Status>();
    this.#barriers.set(id, done);
    yield* this.#sendUnlessEnded({ case: 'barrier', value: { id } });
    return done;
  }

  *#finishBatch(batch: readonly LockedGrain[], sent: Pending<Status> | undefined): Task {
    try {
      if (sent === undefined) return;
      // Rule 3: durable on the primary too, a resync's source included.
      const source = this.core.loop.fork('sync-flush', this.core.volume.flush());
      const status = yield* wait(sent);
      yield* wait(source);
      if (status !== Status.SUCCESS) {
        this.session.end(status, 'the secondary could not make synchronized grains durable');
      }
      if (this.session.ended !== undefined) return;
      yield* this.tracking.clearCopied(batch.map(({ grain }) => grain));
      this.counters.grains += batch.length;
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      this.session.end(Status.DISK_ERROR, error.message);
    } finally {
      for (const { lock } of batch) this.core.locks.release(lock);
      this.#room.release();
    }
  }

  *#sendPiece(grain: number, offsetBytes: number, buffer: Uint8Array, lengthBytes: number): Task<boolean> {
    const payload = buffer.subarray(0, lengthBytes);
    try {
      yield* this.core.volume.read(grain * this.core.volume.grainBytes + offsetBytes, payload);
      return yield* this.#sendUnlessEnded({ case: 'grainData', value: { grain: BigInt(grain), offsetBytes } }, payload);
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      this.session.end(Status.DISK_ERROR, error.message);
      return false;
    } finally {
      this.buffers.release(buffer);
    }
  }

  *#sendMarker(grain: number): Task<boolean> {
    this.counters.markers += 1;
    return yield* this.#sendUnlessEnded({ case: 'grainUnwritten', value: { grain: BigInt(grain) } });
  }

  *#sendUnlessEnded(body: Parameters<LinkSession['send']>[0], payload?: Uint8Array): Task<boolean> {
    try {
      yield* this.session.send(body, payload);
      return true;
    } catch (error) {
      if (error instanceof SessionEnded) return false;
      throw error;
    }
  }

  #abandon(): void {
    for (const pending of this.#barriers.values()) pending.succeed(Status.LINK_LOST);
    this.#barriers.clear();
  }
}
