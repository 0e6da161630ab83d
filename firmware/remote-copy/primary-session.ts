import type { LinkFrame } from '../../protos/gen/grainlink/link/v1/link_pb.js';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { CardCore } from '../core.js';
import type { BufferPool } from '../kernel/buffer-pool.js';
import { PartError, type Task, wait } from '../kernel/pending.js';
import { Semaphore } from '../kernel/sync.js';
import { INTENT_SWEEP_MS } from '../limits.js';
import type { Tracking } from '../metadata/tracking.js';
import { type SourceCounters, SynchronizationSource } from '../synchronization/source.js';
import { type LinkSession, SessionEnded } from './link-session.js';
import { Mirror } from './mirror.js';

/** What the secondary's Accept makes durable at the primary. */
export interface Binding {
  readonly loadId: Uint8Array;
  readonly sessionCounter: bigint;
}

/**
 * - `welcomed`: admitted; the secondary has not committed yet.
 * - `opened`: both have committed; the secondary's request (314) comes in.
 * - `copying`: writes are mirrored, out-of-sync grains are copied (316).
 * - `synchronized`: nothing is out-of-sync.
 */
export type PrimaryPhase = 'welcomed' | 'opened' | 'copying' | 'synchronized';

/** One frame of the secondary's request (314). */
interface Request {
  readonly runs: readonly { readonly firstGrain: bigint; readonly grains: bigint }[];
  readonly last: boolean;
}

/** A session seen from the primary (210). */
export class PrimarySession {
  readonly mirror: Mirror;
  readonly #source: SynchronizationSource;
  /** Frames of one request may overtake each other while NVRAM works; the last one must not. */
  readonly #requestTurn: Semaphore;
  #phase: PrimaryPhase = 'welcomed';

  constructor(
    private readonly core: CardCore,
    private readonly tracking: Tracking,
    buffers: BufferPool,
    counters: SourceCounters,
    readonly session: LinkSession,
    private readonly binding: Binding,
  ) {
    this.mirror = new Mirror(core.loop, session);
    this.#requestTurn = new Semaphore(core.loop, 1);
    this.#source = new SynchronizationSource(core, tracking, buffers, session, counters);
    // Before anything waiting is told: from this instant every write is tracked.
    session.onEnd(() => {
      tracking.demoteAll();
      // The sweep has nothing left to do, and the next session waits for it to leave.
      tracking.sweepWanted.signal();
    });
  }

  get phase(): PrimaryPhase {
    return this.#phase;
  }

  /** Whether a host write starting now goes to the secondary as well. */
  get mirroring(): boolean {
    return this.session.ended === undefined && (this.#phase === 'copying' || this.#phase === 'synchronized');
  }

  handle(frame: LinkFrame): Task {
    return this.#working(this.#dispatch(frame));
  }

  *#dispatch({ body }: LinkFrame): Task {
    switch (body.case) {
      case 'heartbeat':
        return;
      case 'accept':
        if (this.#phase === 'welcomed') return yield* this.#accepted();
        break;
      case 'syncRequest':
        if (this.#phase === 'opened') return yield* this.#requested(body.value);
        break;
      case 'barrierDone':
        this.#source.barrierDone(body.value.id, body.value.status);
        return;
      case 'mirrorDone':
        this.mirror.done(body.value.id, body.value.status);
        return;
      case 'synchronizedDone':
        return yield* this.#synchronized();
      case 'goodbye':
        return yield* this.#goodbye(body.value);
      default:
        break;
    }
    this.session.end(Status.INVALID_FRAME, `the secondary sent ${body.case ?? 'nothing'} while ${this.#phase}`);
  }

  /** The secondary has committed the session; the primary follows, and binds itself (rule 8). */
  *#accepted(): Task {
    yield* this.core.state.control.commit((draft) => {
      draft.identity.loadId = this.binding.loadId;
      draft.identity.sessionCounter = this.binding.sessionCounter;
      draft.fullOwed = false;
      draft.peerForkId = 0n;
    });
    this.#phase = 'opened';
    yield* this.#send({ case: 'opened', value: {} });
  }

  /** The request (314): the union of both maps becomes durable here before the secondary may forget its own (rule 16). */
  *#requested(request: Request): Task {
    yield* this.#requestTurn.acquire();
    try {
      yield* this.#merge(request);
    } finally {
      this.#requestTurn.release();
    }
  }

  *#merge(request: Request): Task {
    if (this.#phase !== 'opened') {
      this.session.end(Status.INVALID_FRAME, 'the secondary asked on behind its last request');
      return;
    }
    const total = BigInt(this.tracking.dirty.grains);
    if (request.runs.some(({ firstGrain, grains }) => grains === 0n || firstGrain + grains > total)) {
      this.session.end(Status.INVALID_FRAME, 'the secondary asked for grains that the volume does not have');
      return;
    }
    yield* this.tracking.merge(request.runs.map(({ firstGrain, grains }) => ({ first: Number(firstGrain), grains: Number(grains) })));
    if (!request.last || this.session.ended !== undefined) return;
    if (this.tracking.outOfSyncCount > 0) {
      yield* this.core.state.control.commit((draft) => { draft.consistent = false; });
    }
    // In one step: how much is out-of-sync, and from here on every write is mirrored.
    this.#phase = 'copying';
    const outOfSyncGrains = BigInt(this.tracking.outOfSyncCount);
    this.core.loop.spawn('sync-source', this.#working(this.#synchronize(outOfSyncGrains)));
    this.core.loop.spawn('intent-sweep', this.#working(this.#sweep()));
  }

  *#synchronize(outOfSyncGrains: bigint): Task {
    yield* this.#send({ case: 'syncRequestMerged', value: { outOfSyncGrains } });
    yield* this.#source.copyAll();
    // Rule 11: nothing out-of-sync. Writes under way are intents, and mirrored.
    yield* this.#send({ case: 'synchronized', value: {} });
  }

  *#synchronized(): Task {
    if (this.#phase !== 'copying') return;
    yield* this.core.state.control.commit((draft) => { draft.consistent = true; });
    this.#phase = 'synchronized';
  }

  /** Rule 3: an intent is cleared once its writes are durable on both; lazily, many at a time. */
  *#sweep(): Task {
    while (this.session.ended === undefined) {
      yield* this.tracking.sweepWanted.nextWithin(this.core.hal.clock, INTENT_SWEEP_MS);
      yield* this.sweepOnce();
    }
  }

  /** Makes what lies in intent durable on both cards, and clears it. */
  *sweepOnce(): Task {
    const list = this.tracking.sweepable();
    if (list.length === 0) return;
    try {
      const local = this.core.loop.fork('sweep-flush', this.core.volume.flush());
      const remote = yield* this.mirror.flush();
      yield* wait(local);
      // In the current session: an acknowledgement of an older one proves nothing now.
      if (remote && this.session.ended === undefined) yield* this.tracking.clearSwept(list);
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      this.session.fail(error);
    }
  }

  *#goodbye(goodbye: { status: Status; detail: string; forkId: bigint }): Task {
    if (goodbye.forkId !== 0n) {
      yield* this.core.state.control.commit((draft) => { draft.peerForkId = goodbye.forkId; });
    }
    this.session.end(goodbye.status, goodbye.detail);
  }

  *#send(body: Parameters<LinkSession['send']>[0]): Task {
    try {
      yield* this.session.send(body);
    } catch (error) {
      if (!(error instanceof SessionEnded)) throw error;
    }
  }

  *#working(task: Task): Task {
    yield* this.session.work.enter();
    try {
      yield* task;
    } catch (error) {
      // What could not be made durable did not happen.
      if (!(error instanceof PartError)) throw error;
      this.session.fail(error);
    } finally {
      this.session.work.leave();
    }
  }
}
