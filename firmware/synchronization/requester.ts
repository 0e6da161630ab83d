import type { Refusal, Welcome } from '../../protos/gen/grainlink/link/v1/link_pb.js';
import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import type { CardCore } from '../core.js';
import { PartError, type Pending, type Task, wait } from '../kernel/pending.js';
import { Signal } from '../kernel/sync.js';
import { LINK_SILENCE_MS, MAX_TRANSFER_BYTES, REDIAL_MAX_MS, REDIAL_MIN_MS } from '../limits.js';
import type { Control } from '../metadata/control-store.js';
import { agreedPayloadBytes, helloOf, welcomeFault } from '../remote-copy/handshake.js';
import { LinkSession, type SessionEnd, SessionEnded } from '../remote-copy/link-session.js';
import type { PeerLink } from '../remote-copy/peer-link.js';
import { type SinkCounters, SecondarySession } from './secondary-session.js';

export type RequesterState = 'idle' | 'connecting' | 'negotiating' | 'online' | 'refused';

/** What a Hello can lead to. */
type Answer = { readonly kind: 'welcome'; readonly session: LinkSession; readonly terms: Terms } | { readonly kind: 'refused'; readonly end: SessionEnd };

/** What the secondary commits before it opens the session. */
interface Terms {
  readonly relationshipId: Uint8Array;
  readonly volumeId: Uint8Array;
  readonly generation: bigint;
  readonly sessionCounter: bigint;
}

interface Attempt {
  readonly connection: number;
  readonly nonce: bigint;
  readonly answer: Pending<Answer>;
}

/**
 * The secondary's requester (314): as long as the operator wishes it to be connected, it finds the primary,
 * presents itself, and opens sessions, one after the other.
 */
export class Requester {
  readonly counters: SinkCounters = { grains: 0, markers: 0 };
  #state: RequesterState = 'idle';
  #attempt: Attempt | undefined;
  #current: SecondarySession | undefined;
  #lastEnd: SessionEnd | undefined;
  #holds = 0;
  readonly #wishChanged: Signal;

  constructor(
    private readonly core: CardCore,
    private readonly link: PeerLink,
    private readonly linkChanged: () => void,
  ) {
    this.#wishChanged = new Signal(core.loop);
  }

  get state(): RequesterState {
    return this.#state;
  }

  get session(): SecondarySession | undefined {
    return this.#current?.session.ended === undefined ? this.#current : undefined;
  }

  get lastEnd(): SessionEnd | undefined {
    return this.#lastEnd;
  }

  start(): void {
    this.core.loop.spawn('requester', this.#run());
  }

  /** The durable wishes have changed: acts on them now rather than at the next attempt. */
  wishChanged(): void {
    this.#wishChanged.signal();
  }

  /** As `stop`, and no session begins before as many calls of `release`: while commands change what the card is. */
  *hold(status: Status, detail: string, forkId: bigint): Task {
    this.#holds += 1;
    yield* this.stop(status, detail, forkId);
  }

  release(): void {
    this.#holds -= 1;
    // Why an attempt of before ended is nothing to the next one.
    this.#lastEnd = undefined;
    this.wishChanged();
  }

  /** Ends the session, telling the primary why, and waits until the disk is quiet. */
  *stop(status: Status, detail: string, forkId: bigint): Task {
    this.#giveUp({ status, detail });
    const current = this.#current;
    if (current === undefined) return;
    yield* current.session.goodbye(status, detail, forkId);
    yield* current.session.drained();
  }

  welcomed(connection: number, welcome: Welcome): void {
    const attempt = this.#attempt;
    if (attempt?.connection !== connection || attempt.nonce !== welcome.nonce) return;
    const fault = welcomeFault(welcome);
    if (fault !== undefined) {
      this.#giveUp({ status: Status.INVALID_FRAME, detail: `the primary's Welcome has ${fault}` });
      return;
    }
    this.#attempt = undefined;
    const maxPayloadBytes = agreedPayloadBytes(welcome.maxPayloadBytes, this.link.maxPayloadBytes(connection));
    const { loop, hal } = this.core;
    const session = new LinkSession(loop, hal.clock, this.link, welcome.session, connection, maxPayloadBytes);
    session.onEnd(() => {
      this.#lastEnd = session.ended;
      this.linkChanged();
    });
    // At once, since frames of the session may stand right behind the welcome.
    this.#current = new SecondarySession(this.core, session, this.counters, this.linkChanged);
    // Ids are copied: the frame's buffer goes back to the port (rule 10).
    const { generation, sessionCounter } = welcome;
    const terms = { relationshipId: welcome.relationshipId.slice(), volumeId: welcome.volumeId.slice(), generation, sessionCounter };
    attempt.answer.succeed({ kind: 'welcome', session, terms });
  }

  refused(connection: number, refusal: Refusal): void {
    if (this.#attempt?.connection !== connection || this.#attempt.nonce !== refusal.nonce) return;
    this.#giveUp({ status: refusal.status, detail: refusal.detail });
  }

  /** Whether the connection carries the session, or the attempt at one. */
  needs(connection: number): boolean {
    return this.#attempt?.connection === connection || this.session?.session.connection === connection;
  }

  connectionClosed(connection: number, reason: string): void {
    const end = { status: Status.LINK_LOST, detail: reason };
    if (this.#attempt?.connection === connection) this.#giveUp(end);
    if (this.#current?.session.connection === connection) this.#current.session.end(end.status, end.detail);
  }

  *#run(): Task {
    let pauseMs = REDIAL_MIN_MS;
    for (;;) {
      while (!this.#wished()) {
        this.#state = 'idle';
        yield* this.#wishChanged.next();
        pauseMs = REDIAL_MIN_MS;
      }
      if (yield* this.#connectOnce()) pauseMs = REDIAL_MIN_MS;
      if (!this.#wished()) continue;
      yield* this.#wishChanged.nextWithin(this.core.hal.clock, pauseMs);
      pauseMs = Math.min(pauseMs * 2, REDIAL_MAX_MS);
    }
  }

  #wished(): boolean {
    // Rule 16: divergence is reported on both sides, so a secondary with access still says so; again and again, since
    // a primary may forget it with its NVRAM.
    const { identity, loadState, conventional, access } = this.core.state.control.current;
    return this.#holds === 0 && identity.role === Role.SECONDARY && identity.connectWished && loadState !== LoadState.LOADING && (!identity.stopped || access) && (identity.loadId.length > 0 || conventional);
  }

  /** One connection from dialling to its end. Returns whether a session was opened. */
  *#connectOnce(): Task<boolean> {
    this.#state = 'connecting';
    this.linkChanged();
    let connection: number;
    try {
      connection = yield* this.link.dial(this.core.state.control.current.identity.peerAddress);
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      this.#lastEnd = { status: Status.LINK_LOST, detail: error.message };
      return false;
    }
    // The wish may have gone while the dial was under way: what this card is now does not connect.
    if (!this.#wished()) {
      this.link.close(connection);
      return false;
    }
    this.#state = 'negotiating';
    const answer = yield* this.#present(connection);
    if (answer.kind === 'refused') {
      this.#lastEnd = answer.end;
      // Silence is no refusal: it may be a primary that is slow, or no card at all.
      this.#state = answer.end.status === Status.LINK_LOST ? 'connecting' : 'refused';
      this.link.close(connection);
      this.linkChanged();
      return false;
    }
    yield* answer.session.work.enter();
    try {
      yield* this.#accept(answer.session, answer.terms);
    } finally {
      answer.session.work.leave();
    }
    yield* answer.session.drained();
    return true;
  }

  /** Says who this card is and what it holds, and waits for the answer. */
  *#present(connection: number): Task<Answer> {
    const { loop, hal, state } = this.core;
    const control = state.control.current;
    const attempt: Attempt = { connection, nonce: this.#newNonce(), answer: loop.pending<Answer>() };
    this.#attempt = attempt;
    const timer = hal.clock.after(LINK_SILENCE_MS, {
      succeed: () => { if (this.#attempt === attempt) this.#giveUp({ status: Status.LINK_LOST, detail: 'the primary did not answer' }); },
      fail: () => undefined,
    });
    // A task of its own: the answer's time limit counts although the line does not take the Hello.
    loop.spawn('hello', this.#sayHello(attempt, control));
    const answer = yield* wait(attempt.answer);
    timer.cancel();
    return answer;
  }

  *#sayHello({ connection, nonce }: Attempt, control: Control): Task {
    const maxPayloadBytes = agreedPayloadBytes(MAX_TRANSFER_BYTES, this.link.maxPayloadBytes(connection));
    try {
      yield* this.link.send(connection, 0n, 0, helloOf(control, nonce, maxPayloadBytes));
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      if (this.#attempt?.nonce === nonce) this.#giveUp({ status: Status.LINK_LOST, detail: error.message });
    }
  }

  /** Commits the session, and only then opens it: the counter of the secondary is never behind the primary's. */
  *#accept(session: LinkSession, terms: Terms): Task {
    if (session.ended !== undefined) return;
    try {
      yield* this.core.state.control.commit((draft) => {
        draft.identity.relationshipId = terms.relationshipId;
        draft.identity.sourceVolumeId = terms.volumeId;
        draft.identity.generation = terms.generation;
        draft.identity.sessionCounter = terms.sessionCounter;
      });
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      session.fail(error);
      return;
    }
    this.#state = 'online';
    this.linkChanged();
    // First in the session: heartbeats follow it.
    const accept = this.core.loop.fork('accept', session.send({ case: 'accept', value: {} }));
    session.start();
    try {
      yield* wait(accept);
    } catch (error) {
      if (!(error instanceof SessionEnded)) throw error;
    }
  }

  #giveUp(end: SessionEnd): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.answer.succeed({ kind: 'refused', end });
  }

  #newNonce(): bigint {
    const bytes = new Uint8Array(8);
    this.core.hal.entropy.fill(bytes);
    return new DataView(bytes.buffer).getBigUint64(0);
  }
}
