import type { Hello } from '../../protos/gen/grainlink/link/v1/link_pb.js';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { CardCore } from '../core.js';
import { toCommandError } from '../errors.js';
import { BufferPool } from '../kernel/buffer-pool.js';
import { sameBytes } from '../kernel/same-bytes.js';
import { PartError, type Pending, type Task, wait } from '../kernel/pending.js';
import { Semaphore } from '../kernel/sync.js';
import { MAX_TRANSFER_BYTES, SYNC_BUFFERS } from '../limits.js';
import type { Tracking } from '../metadata/tracking.js';
import type { SourceCounters } from '../synchronization/source.js';
import { isOwnSecondary, reasonToRefuse, type RefusalReason } from './admission.js';
import { agreedPayloadBytes } from './handshake.js';
import { LinkSession, type SessionEnd } from './link-session.js';
import { LINK_PROTOCOL_VERSION, type LinkBody, type PeerLink } from './peer-link.js';
import { PrimarySession } from './primary-session.js';

/**
 * The remote copy component at the primary (210): answers the secondary's Hello, and holds the session.
 * At most one session at a time: a new Hello ends the one before, which may be half-open.
 */
export class PrimaryRemoteCopy {
  readonly counters: SourceCounters = { grains: 0, markers: 0 };
  readonly #buffers: BufferPool;
  readonly #negotiation: Semaphore;
  #current: PrimarySession | undefined;
  #lastEnd: SessionEnd | undefined;

  constructor(
    private readonly core: CardCore,
    private readonly tracking: Tracking,
    private readonly link: PeerLink,
    private readonly linkChanged: () => void,
  ) {
    this.#buffers = new BufferPool(core.loop, core.hal.memory, SYNC_BUFFERS, MAX_TRANSFER_BYTES);
    this.#negotiation = new Semaphore(core.loop, 1);
  }

  get session(): PrimarySession | undefined {
    return this.#current?.session.ended === undefined ? this.#current : undefined;
  }

  /** Why the last session ended, or the last secondary was refused. */
  get lastEnd(): SessionEnd | undefined {
    return this.#lastEnd;
  }

  *hello(connection: number, hello: Hello): Task {
    yield* this.#negotiation.acquire();
    let answered: Pending<void>;
    try {
      answered = yield* this.#negotiate(connection, hello);
    } finally {
      this.#negotiation.release();
    }
    // With others let in: a line that does not take the answer must not keep them out.
    yield* wait(answered);
  }

  connectionClosed(connection: number, reason: string): void {
    if (this.#current?.session.connection === connection) this.#current.session.end(Status.LINK_LOST, reason);
  }

  /** Ends the session, and lets none begin before `change` is done. */
  *without(status: Status, detail: string, change: Task): Task {
    yield* this.#negotiation.acquire();
    try {
      yield* this.stop(status, detail);
      yield* change;
      // What ended, or was refused, concerns a relationship that is no more.
      this.#lastEnd = undefined;
    } finally {
      this.#negotiation.release();
    }
  }

  /** Ends the session, telling the secondary why, and waits until nothing works for it any more. */
  *stop(status: Status, detail: string): Task {
    const current = this.#current;
    if (current === undefined) return;
    yield* current.session.goodbye(status, detail, 0n);
    yield* current.session.drained();
  }

  /** @returns what tells that the answer has left. */
  *#negotiate(connection: number, hello: Hello): Task<Pending<void>> {
    const reason = this.#reasonToRefuse(hello) ?? (yield* this.#endFormer(hello));
    if (reason === undefined) return this.#welcome(connection, hello);
    this.#lastEnd = reason;
    if (reason.status === Status.SECONDARY_HAS_ACCESS && isOwnSecondary(this.core.state.control.current, hello)) yield* this.#noteFork(hello.forkId);
    return this.#reply(connection, { case: 'refusal', value: { nonce: hello.nonce, ...reason } });
  }

  #reasonToRefuse(hello: Hello): RefusalReason | undefined {
    const reason = reasonToRefuse(this.core.state.control.current, hello);
    if (reason !== undefined || !hello.conventional) return reason;
    // The command was given at that card alone: it must not take the place of one that holds this card's writes.
    const inSession = this.session?.mirroring === true && !sameBytes(hello.loadId, this.core.state.control.current.identity.loadId);
    return inSession ? { status: Status.OTHER_SECONDARY, detail: 'another secondary is connected' } : undefined;
  }

  /** @returns what came up meanwhile: an operator may have stopped the card. */
  *#endFormer(hello: Hello): Task<RefusalReason | undefined> {
    const former = this.#current;
    if (former === undefined) return undefined;
    former.session.end(Status.LINK_LOST, 'the secondary came back on another session');
    yield* former.session.drained();
    return this.#reasonToRefuse(hello);
  }

  /** In one step with the last look at the card's state: whoever changes that finds the session, and ends it. */
  #welcome(connection: number, hello: Hello): Pending<void> {
    const { identity } = this.core.state.control.current;
    const sessionCounter = maxOf(identity.sessionCounter, hello.sessionCounter) + 1n;
    const maxPayloadBytes = agreedPayloadBytes(hello.maxPayloadBytes, this.link.maxPayloadBytes(connection));
    const id = this.#newSessionId();
    // There before the welcome, since the answer may come at once.
    const session = new LinkSession(this.core.loop, this.core.hal.clock, this.link, id, connection, maxPayloadBytes);
    session.onEnd(() => {
      this.#lastEnd = session.ended;
      this.linkChanged();
    });
    const binding = { loadId: hello.loadId.slice(), sessionCounter };
    this.#current = new PrimarySession(this.core, this.tracking, this.#buffers, this.counters, session, binding);
    this.linkChanged();
    const answered = this.#reply(connection, {
      case: 'welcome',
      value: {
        version: LINK_PROTOCOL_VERSION,
        nonce: hello.nonce,
        session: id,
        sessionCounter,
        relationshipId: identity.relationshipId,
        volumeId: identity.volumeId,
        generation: identity.generation,
        maxPayloadBytes,
        cardId: identity.cardId,
      },
    });
    session.start();
    return answered;
  }

  *#noteFork(forkId: bigint): Task {
    if (this.core.state.control.current.peerForkId === forkId) return;
    try {
      yield* this.core.state.control.commit((draft) => { draft.peerForkId = forkId; });
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      const { status, detail } = toCommandError(error);
      this.#lastEnd = { status, detail };
    }
  }

  #reply(connection: number, body: LinkBody): Pending<void> {
    return this.core.loop.fork('answer', this.#send(connection, body));
  }

  *#send(connection: number, body: LinkBody): Task {
    try {
      yield* this.link.send(connection, 0n, 0, body);
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
    }
  }

  #newSessionId(): bigint {
    const bytes = new Uint8Array(8);
    this.core.hal.entropy.fill(bytes);
    // Never 0, which stands for no session.
    return new DataView(bytes.buffer).getBigUint64(0) | 1n;
  }
}

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
