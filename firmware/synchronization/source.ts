import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { CardCore } from '../core.js';
import type { BufferPool } from '../kernel/buffer-pool.js';
import { PartError, type Pending, type Task, wait, waitAll } from '../kernel/pending.js';
import type { RangeLockHandle } from '../kernel/range-lock.js';
import { Semaphore } from '../kernel/sync.js';
import { BARRIER_FRAMES, FIRST_BATCH_BYTES, MAX_BARRIERS_IN_FLIGHT, MAX_MARKER_GRAINS, MAX_RUNS_PER_BARRIER, MAX_TRANSFER_BYTES, QUICK_BARRIER_MS, SHORT_PIECES_UNSENT, SLOW_BARRIER_MS, SYNC_BUFFERS } from '../limits.js';
import type { Tracking } from '../metadata/tracking.js';
import { type LinkSession, SessionEnded } from '../remote-copy/link-session.js';
import type { GrainRange } from '../metadata/grain-map.js';

/** Grains made durable at the secondary by synchronization since boot; `markers` of them never written. */
export interface SourceCounters {
  grains: number;
  markers: number;
}

/** What one lock covers: grains with data, or grains never written; consecutive in both cases. */
interface LockedRun {
  readonly range: GrainRange;
  readonly written: boolean;
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
  readonly #unsent: Semaphore;
  #nextBarrier = 1;
  /** Data in the next batch: what the link carries in a moment. */
  #batchBytes: number;

  constructor(
    private readonly core: CardCore,
    private readonly tracking: Tracking,
    private readonly buffers: BufferPool,
    private readonly session: LinkSession,
    private readonly counters: SourceCounters,
  ) {
    this.#batchBytes = Math.min(FIRST_BATCH_BYTES, BARRIER_FRAMES * session.maxPayloadBytes);
    this.#room = new Semaphore(core.loop, MAX_BARRIERS_IN_FLIGHT);
    this.#unsent = new Semaphore(core.loop, session.maxPayloadBytes < MAX_TRANSFER_BYTES ? SHORT_PIECES_UNSENT : SYNC_BUFFERS);
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
      const begunMs = this.core.hal.clock.nowMs();
      const last = batch.at(-1);
      if (last === undefined) {
        this.#room.release();
        break;
      }
      cursor = last.range.first + last.range.grains;
      const sent = yield* this.#sendBatch(batch);
      batches.push(this.core.loop.fork('sync-batch', this.#finishBatch(batch, sent, begunMs)));
      while (batches[0]?.settled === true) batches.shift();
    }
    yield* waitAll(batches);
  }

  *#lockBatch(from: number): Task<LockedRun[]> {
    const batch: LockedRun[] = [];
    let bytes = 0;
    let grain = this.tracking.nextOutOfSync(from);
    while (grain < this.tracking.dirty.grains && batch.length < MAX_RUNS_PER_BARRIER && (bytes === 0 || bytes < this.#batchBytes)) {
      const { volume, locks } = this.core;
      const locked = { first: grain, grains: this.#runLength(grain) };
      // Waited for with empty hands only: a host write may wait for a grain of this batch, and stand before this one.
      const lock = batch.length === 0 ? yield* volume.lockGrains(locked) : volume.tryLockGrains(locked);
      if (lock === undefined) break;
      // Anew under the lock: what it waited for may have changed the reason of a bit, or written a grain.
      const grains = Math.min(locked.grains, this.#runLength(grain));
      if (grains === 0) {
        locks.release(lock);
        grain = this.tracking.nextOutOfSync(grain + 1);
        continue;
      }
      const written = volume.isWritten(grain);
      batch.push({ range: { first: grain, grains }, written, lock });
      if (written) bytes += volume.bytesOf({ first: grain, grains }).lengthBytes;
      grain = this.tracking.nextOutOfSync(grain + grains);
    }
    return batch;
  }

  /**
   * How many grains from this one on travel together: those with data as far as one frame goes, those never
   * written as far as a marker goes; none when the grain is in sync.
   */
  #runLength(grain: number): number {
    const { volume } = this.core;
    const written = volume.isWritten(grain);
    const most = written ? Math.max(1, Math.floor(Math.min(this.session.maxPayloadBytes, this.#batchBytes) / volume.grainBytes)) : MAX_MARKER_GRAINS;
    let end = grain;
    while (end < volume.grains && end - grain < most && this.tracking.isOutOfSync(end) && volume.isWritten(end) === written) end += 1;
    return end - grain;
  }

  /** Sends every piece and then the barrier. Returns the barrier's pending answer; undefined when the session ended. */
  *#sendBatch(batch: readonly LockedRun[]): Task<Pending<Status> | undefined> {
    const pieces: Pending<boolean>[] = [];
    for (const { range, written } of batch) {
      if (!written) {
        pieces.push(this.core.loop.fork('sync-marker', this.#sendMarker(range)));
        continue;
      }
      const { offsetBytes, lengthBytes } = this.core.volume.bytesOf(range);
      for (let at = 0; at < lengthBytes; at += this.session.maxPayloadBytes) {
        const pieceBytes = Math.min(this.session.maxPayloadBytes, lengthBytes - at);
        yield* this.#unsent.acquire();
        const buffer = yield* this.buffers.acquire();
        pieces.push(this.core.loop.fork('sync-piece', this.#sendPiece(offsetBytes + at, buffer, pieceBytes)));
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

  *#finishBatch(batch: readonly LockedRun[], sent: Pending<Status> | undefined, begunMs: number): Task {
    try {
      if (sent === undefined) return;
      // Rule 3: durable on the primary too, a resync's source included.
      const source = this.core.loop.fork('sync-flush', this.core.volume.flush());
      const status = yield* wait(sent);
      this.#pace(this.core.hal.clock.nowMs() - begunMs);
      yield* wait(source);
      if (status !== Status.SUCCESS) {
        this.session.end(status, 'the secondary could not make synchronized grains durable');
      }
      if (this.session.ended !== undefined) return;
      yield* this.tracking.clearCopied(batch.map(({ range }) => range));
      for (const { range, written } of batch) {
        this.counters.grains += range.grains;
        if (!written) this.counters.markers += range.grains;
      }
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      this.session.fail(error);
    } finally {
      for (const { lock } of batch) this.core.locks.release(lock);
      this.#room.release();
    }
  }

  #pace(tookMs: number): void {
    if (tookMs > SLOW_BARRIER_MS) this.#batchBytes = Math.max(1, this.#batchBytes / 2);
    else if (tookMs < QUICK_BARRIER_MS) this.#batchBytes = Math.min(this.#batchBytes * 2, BARRIER_FRAMES * this.session.maxPayloadBytes);
  }

  *#sendPiece(offsetBytes: number, buffer: Uint8Array, lengthBytes: number): Task<boolean> {
    const payload = buffer.subarray(0, lengthBytes);
    try {
      yield* this.core.volume.read(offsetBytes, payload);
      return yield* this.#sendUnlessEnded({ case: 'grainData', value: { offsetBytes: BigInt(offsetBytes) } }, payload);
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      this.session.fail(error);
      return false;
    } finally {
      this.buffers.release(buffer);
      this.#unsent.release();
    }
  }

  #sendMarker(range: GrainRange): Task<boolean> {
    return this.#sendUnlessEnded({ case: 'grainUnwritten', value: { firstGrain: BigInt(range.first), grains: BigInt(range.grains) } });
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
