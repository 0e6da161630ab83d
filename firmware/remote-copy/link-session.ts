import type { LinkFrame } from '../../protos/gen/grainlink/link/v1/link_pb.js';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { toCommandError } from '../errors.js';
import type { Clock } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import { PartError, type Task } from '../kernel/pending.js';
import { Gate, Signal } from '../kernel/sync.js';
import { LINK_HEARTBEAT_MS, LINK_SILENCE_MS } from '../limits.js';
import type { LinkBody, PeerLink } from './peer-link.js';

/** The session is over; whatever was under way in it counts as not done. */
export class SessionEnded extends Error {
  constructor() {
    super('the link session is over');
    this.name = 'SessionEnded';
  }
}

/** Why a session ended. */
export interface SessionEnd {
  readonly status: Status;
  readonly detail: string;
}

/**
 * One session σ on the online link: its frames bear its id and a sequence, and nothing else counts in it
 * (rule 9). Both sides send heartbeats; who hears nothing for LINK_SILENCE_MS ends it.
 */
export class LinkSession {
  /** Tasks that work for the session; a new one opens only when they have left (rule 9). */
  readonly work: Gate;
  readonly endSignal: Signal;
  #sent = 0;
  #received = 0;
  /** Looks at the line since anything was heard of the peer. Timers come in any case; the time of day may jump. */
  #silentLooks = 0;
  #end: SessionEnd | undefined;
  readonly #onEnd: (() => void)[] = [];

  constructor(
    private readonly loop: EventLoop,
    private readonly clock: Clock,
    private readonly link: PeerLink,
    readonly id: bigint,
    readonly connection: number,
    readonly maxPayloadBytes: number,
  ) {
    this.work = new Gate(loop);
    this.endSignal = new Signal(loop);
  }

  /** Starts to listen for silence, and to send heartbeats: behind the frame that tells the peer of the session. */
  start(): void {
    this.loop.spawn('session-watch', this.#watch());
    this.loop.spawn('session-heartbeat', this.#beat());
  }

  get ended(): SessionEnd | undefined {
    return this.#end;
  }

  /** Called once, when the session ends, before anything else learns of it. */
  onEnd(action: () => void): void {
    this.#onEnd.push(action);
  }

  /** Whether a frame belongs here and is the next one. A gap ends the session; a frame seen before is dropped. */
  accepts(connection: number, frame: LinkFrame): boolean {
    if (this.#end !== undefined || frame.session !== this.id || connection !== this.connection) return false;
    this.#silentLooks = 0;
    if (frame.sequence === this.#received) {
      this.#received = (this.#received + 1) >>> 0;
      return true;
    }
    if (frame.sequence > this.#received) this.end(Status.LINK_LOST, 'a frame was lost on the link');
    return false;
  }

  /** @throws SessionEnded when the session is over, or ends with this frame. */
  *send(body: LinkBody, payload?: Uint8Array): Task {
    if (this.#end !== undefined) throw new SessionEnded();
    const sequence = this.#sent;
    this.#sent = (this.#sent + 1) >>> 0;
    try {
      yield* this.link.send(this.connection, this.id, sequence, body, payload);
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      this.end(Status.LINK_LOST, error.message);
      throw new SessionEnded();
    }
  }

  /** Ends it at once. Idempotent. */
  end(status: Status, detail: string): void {
    if (this.#end !== undefined) return;
    this.#end = { status, detail };
    for (const action of this.#onEnd) action();
    this.link.close(this.connection);
    this.endSignal.signal();
  }

  /** A part of this card failed under it: the pair goes on in a new session. */
  fail(error: PartError): void {
    const { status, detail } = toCommandError(error);
    this.end(status, detail);
  }

  /** Says why, then ends it. */
  *goodbye(status: Status, detail: string, forkId: bigint): Task {
    try {
      yield* this.send({ case: 'goodbye', value: { status, detail, forkId } });
    } catch (error) {
      if (!(error instanceof SessionEnded)) throw error;
    }
    this.end(status, detail);
  }

  /** Waits until the session is over and nothing works for it any more. */
  *drained(): Task {
    while (this.#end === undefined) yield* this.endSignal.next();
    yield* this.work.close();
    this.work.open();
  }

  /** A task of its own: a heartbeat that the line does not take must not keep the silence from being heard. */
  *#watch(): Task {
    while (this.#end === undefined) {
      if (this.link.isFull) this.#silentLooks = 0;
      if (this.#silentLooks > LINK_SILENCE_MS / LINK_HEARTBEAT_MS) {
        this.end(Status.LINK_LOST, `the peer has been silent for ${String(LINK_SILENCE_MS)} ms`);
        return;
      }
      yield* this.endSignal.nextWithin(this.clock, LINK_HEARTBEAT_MS);
      this.#silentLooks += 1;
    }
  }

  *#beat(): Task {
    while (this.#end === undefined) {
      try {
        yield* this.send({ case: 'heartbeat', value: {} });
      } catch (error) {
        if (!(error instanceof SessionEnded)) throw error;
        return;
      }
      yield* this.endSignal.nextWithin(this.clock, LINK_HEARTBEAT_MS);
    }
  }
}
