import type { LinkFrame } from '../../protos/gen/grainlink/link/v1/link_pb.js';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { CardCore } from '../core.js';
import { toCommandError } from '../errors.js';
import type { EventLoop } from '../kernel/event-loop.js';
import { PartError, type Task } from '../kernel/pending.js';
import { Signal } from '../kernel/sync.js';
import { BLOCK_BYTES, MAX_GRAINS_PER_BARRIER, MAX_RUN_BYTES, MAX_RUNS_PER_FRAME, MAX_ZERO_BYTES } from '../limits.js';
import { type LinkSession, SessionEnded } from '../remote-copy/link-session.js';

import { requestsEverything } from './suppressor.js';

/** Grains made durable here by synchronization since boot; `markers` of them never written. */
export interface SinkCounters {
  grains: number;
  markers: number;
}

/**
 * - `accepted`: committed; the request (314) goes out once the primary has committed too.
 * - `requested`: the primary makes the union durable.
 * - `copying`: this card's map is empty, its label is durable; data may be applied.
 * - `synchronized`: consistent, and in lockstep with the primary.
 */
export type SecondaryPhase = 'accepted' | 'requested' | 'copying' | 'synchronized';

/** A session seen from the secondary (218, 220): asks for synchronization, applies what comes. */
export class SecondarySession {
  #phase: SecondaryPhase = 'accepted';
  /** As the primary announced them, less those made durable here since. */
  #grainsToCome = 0;
  readonly #mayApply: Signal;
  /** The pieces since the last barrier. */
  #batch: SyncBatch;

  constructor(
    private readonly core: CardCore,
    readonly session: LinkSession,
    private readonly counters: SinkCounters,
    private readonly changed: () => void,
  ) {
    this.#mayApply = new Signal(core.loop);
    this.#batch = new SyncBatch(core.loop);
    session.onEnd(() => { this.#mayApply.signal(); });
  }

  get phase(): SecondaryPhase {
    return this.#phase;
  }

  /** Grains that the primary has announced and that are not durable here yet. */
  get grainsToCome(): number {
    return this.#grainsToCome;
  }

  /** Works a frame off. Whatever it does to the disk ends before the session counts as drained (rule 9). */
  *handle(frame: LinkFrame): Task {
    yield* this.session.work.enter();
    try {
      yield* this.#dispatch(frame);
    } catch (error) {
      if (error instanceof PartError) this.session.fail(error);
      else if (!(error instanceof SessionEnded)) throw error;
    } finally {
      this.session.work.leave();
    }
  }

  *#dispatch({ body, payload }: LinkFrame): Task {
    switch (body.case) {
      case 'heartbeat':
        return;
      case 'opened':
        if (this.#phase === 'accepted') return yield* this.#request();
        break;
      case 'syncRequestMerged':
        if (this.#phase === 'requested') return yield* this.#merged(body.value.outOfSyncGrains);
        break;
      case 'grainData':
        return yield* this.#grainData(Number(body.value.offsetBytes), payload);
      case 'grainUnwritten':
        return yield* this.#grainUnwritten(Number(body.value.firstGrain), Number(body.value.grains));
      case 'barrier':
        return yield* this.#barrier(body.value.id);
      case 'mirrorWrite': {
        const { id, fua } = body.value;
        const offsetBytes = Number(body.value.offsetBytes);
        return yield* this.#mirrored(id, offsetBytes, payload.length, fua, () => this.core.volume.write(offsetBytes, payload));
      }
      case 'mirrorZero': {
        const { id, fua } = body.value;
        const offsetBytes = Number(body.value.offsetBytes);
        const lengthBytes = Number(body.value.lengthBytes);
        if (lengthBytes > MAX_ZERO_BYTES) break;
        return yield* this.#mirrored(id, offsetBytes, lengthBytes, fua, () => this.core.volume.zero(offsetBytes, lengthBytes));
      }
      case 'mirrorFlush':
        return yield* this.#mirrorFlush(body.value.id);
      case 'synchronized':
        return yield* this.#synchronized();
      case 'goodbye':
        this.session.end(body.value.status, body.value.detail);
        return;
      default:
        break;
    }
    this.session.end(Status.INVALID_FRAME, `the primary sent ${body.case ?? 'nothing'} while ${this.#phase}`);
  }

  /** The request (314): sees through to the primary's map; this card's own map only adds to it (rule 15). */
  *#request(): Task {
    this.#phase = 'requested';
    const { dirty, control } = this.core.state;
    if (requestsEverything(control.current)) {
      yield* this.session.send({ case: 'syncRequest', value: { runs: [{ firstGrain: 0n, grains: BigInt(dirty.grains) }], last: true } });
      return;
    }
    // On a slow line a long frame would be taken for silence.
    const mostRuns = Math.max(1, Math.min(MAX_RUNS_PER_FRAME, Math.floor(this.session.maxPayloadBytes / MAX_RUN_BYTES)));
    let from = dirty.nextSet(0);
    let last = false;
    while (!last) {
      const runs: { firstGrain: bigint; grains: bigint }[] = [];
      while (from < dirty.grains && runs.length < mostRuns) {
        const end = dirty.nextClear(from);
        runs.push({ firstGrain: BigInt(from), grains: BigInt(end - from) });
        from = dirty.nextSet(end);
      }
      last = from >= dirty.grains;
      yield* this.session.send({ case: 'syncRequest', value: { runs, last } });
    }
  }

  /** The union is durable at the primary: this card labels itself, and only then forgets its own map. */
  *#merged(outOfSyncGrains: bigint): Task {
    yield* this.core.state.control.commit((draft) => {
      if (outOfSyncGrains > 0n) draft.consistent = false;
      draft.allDirty = false;
      draft.suppressed = false;
      draft.conventional = false;
      draft.met = true;
      draft.forkId = 0n;
    });
    yield* this.core.state.dirty.clearAll();
    this.#phase = 'copying';
    this.#grainsToCome = Number(outOfSyncGrains);
    this.#mayApply.signal();
    this.changed();
  }

  *#grainData(offsetBytes: number, payload: Uint8Array): Task {
    const { volume } = this.core;
    if (!this.#isWithinVolume(offsetBytes, payload.length)) {
      this.session.end(Status.INVALID_FRAME, 'a piece of a grain lies outside the volume');
      return;
    }
    const { first, grains } = volume.grainsOf(offsetBytes, payload.length);
    for (let grain = first; grain < first + grains; grain += 1) this.#batch.grains.add(grain);
    if (this.#batch.grains.size > MAX_GRAINS_PER_BARRIER) {
      this.session.end(Status.INVALID_FRAME, 'the primary sends grains and no barrier');
      return;
    }
    yield* this.#apply(() => volume.writePiece(offsetBytes, payload));
  }

  *#grainUnwritten(first: number, grains: number): Task {
    const { volume } = this.core;
    if (grains === 0 || first + grains > volume.grains) {
      this.session.end(Status.INVALID_FRAME, 'a grain lies beyond the volume');
      return;
    }
    this.#batch.markers += grains;
    const { offsetBytes, lengthBytes } = volume.bytesOf({ first, grains });
    yield* this.#apply(() => volume.zero(offsetBytes, lengthBytes));
  }

  /** Applies a piece of the batch that was current when it came, once the label is durable (rule 12). */
  *#apply(write: () => Task): Task {
    const batch = this.#batch;
    batch.pieces += 1;
    try {
      yield* this.#untilMayApply();
      if (this.core.state.control.current.consistent) {
        this.session.end(Status.INVALID_FRAME, 'a grain came that was not to be synchronized');
        throw new SessionEnded();
      }
      yield* write();
    } catch (error) {
      if (error instanceof SessionEnded) throw error;
      toCommandError(error);
      batch.failed = true;
    } finally {
      batch.pieces -= 1;
      batch.pieceDone.signal();
    }
  }

  /** Everything before it durable, the written map too (rule 19), and only then the answer. */
  *#barrier(id: number): Task {
    const batch = this.#batch;
    this.#batch = new SyncBatch(this.core.loop);
    while (batch.pieces > 0) yield* batch.pieceDone.next();
    let status = batch.failed ? Status.DISK_ERROR : Status.SUCCESS;
    if (status === Status.SUCCESS) {
      try {
        yield* this.core.volume.flush();
        yield* this.core.volume.markWritten([...batch.grains].map((first) => ({ first, grains: 1 })));
        this.counters.grains += batch.grains.size + batch.markers;
        this.counters.markers += batch.markers;
        this.#grainsToCome = Math.max(0, this.#grainsToCome - batch.grains.size - batch.markers);
      } catch (error) {
        status = toCommandError(error).status;
      }
    }
    yield* this.session.send({ case: 'barrierDone', value: { id, status } });
  }

  *#mirrored(id: number, offsetBytes: number, lengthBytes: number, fua: boolean, write: () => Task): Task {
    const { volume, locks } = this.core;
    if (!this.#isWithinVolume(offsetBytes, lengthBytes)) {
      this.session.end(Status.INVALID_FRAME, 'a mirrored write lies outside the volume');
      return;
    }
    let status = Status.SUCCESS;
    const lock = yield* volume.lockForWrite(offsetBytes, lengthBytes, false);
    try {
      yield* this.#untilMayApply();
      yield* write();
      if (fua) yield* volume.flush();
    } catch (error) {
      if (error instanceof SessionEnded) throw error;
      status = toCommandError(error).status;
    } finally {
      locks.release(lock);
    }
    yield* this.session.send({ case: 'mirrorDone', value: { id, status } });
  }

  *#mirrorFlush(id: number): Task {
    let status = Status.SUCCESS;
    try {
      yield* this.core.volume.flush();
    } catch (error) {
      status = toCommandError(error).status;
    }
    yield* this.session.send({ case: 'mirrorDone', value: { id, status } });
  }

  /** Rule 11: nothing is out-of-sync. */
  *#synchronized(): Task {
    yield* this.#untilMayApply();
    yield* this.core.state.control.commit((draft) => { draft.consistent = true; });
    this.#phase = 'synchronized';
    this.#grainsToCome = 0;
    this.changed();
    yield* this.session.send({ case: 'synchronizedDone', value: {} });
  }

  /** Whole blocks, one at least, within the volume. Numbers that a frame's uint64 does not fit into are not. */
  #isWithinVolume(offsetBytes: number, lengthBytes: number): boolean {
    const blocks = offsetBytes % BLOCK_BYTES === 0 && lengthBytes % BLOCK_BYTES === 0;
    return Number.isSafeInteger(offsetBytes) && blocks && lengthBytes > 0 && offsetBytes + lengthBytes <= this.core.volume.sizeBytes;
  }

  *#untilMayApply(): Task {
    while (this.#phase === 'accepted' || this.#phase === 'requested') {
      if (this.session.ended !== undefined) throw new SessionEnded();
      yield* this.#mayApply.next();
    }
  }
}

/** What came between two barriers. Each piece belongs to the batch that was current when its frame came. */
class SyncBatch {
  pieces = 0;
  failed = false;
  readonly grains = new Set<number>();
  markers = 0;
  readonly pieceDone: Signal;

  constructor(loop: EventLoop) {
    this.pieceDone = new Signal(loop);
  }
}
