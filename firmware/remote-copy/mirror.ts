import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { EventLoop } from '../kernel/event-loop.js';
import { type Pending, type Task, wait } from '../kernel/pending.js';
import { Semaphore } from '../kernel/sync.js';
import { MAX_MIRRORS_IN_FLIGHT } from '../limits.js';
import { type LinkSession, SessionEnded } from './link-session.js';
import type { LinkBody } from './peer-link.js';

/**
 * The primary's half of synchronous remote copy (210): host writes, zeroes and flushes go to the secondary
 * and return when it acknowledged them in this session (rule 3: sent is not enough).
 *
 * Each operation returns false when the session ended meanwhile: then the write counts as tracked (rule 4).
 */
export class Mirror {
  readonly #waiting = new Map<number, Pending<Status>>();
  readonly #room: Semaphore;
  #nextId = 1;

  constructor(
    private readonly loop: EventLoop,
    private readonly session: LinkSession,
  ) {
    this.#room = new Semaphore(loop, MAX_MIRRORS_IN_FLIGHT);
    session.onEnd(() => { this.#abandon(); });
  }

  /** A write longer than the link's frames crosses in pieces, all under way at once. */
  *write(offsetBytes: number, payload: Uint8Array, fua: boolean): Task<boolean> {
    const acknowledgements: (Pending<Status> | undefined)[] = [];
    for (let at = 0; at < payload.length; at += this.session.maxPayloadBytes) {
      const piece = payload.subarray(at, at + this.session.maxPayloadBytes);
      const value = { offsetBytes: BigInt(offsetBytes + at), fua };
      acknowledgements.push(yield* this.#submit((id) => ({ case: 'mirrorWrite', value: { id, ...value } }), piece));
    }
    let whole = true;
    for (const acknowledged of acknowledgements) {
      if (!(yield* this.#acknowledged(acknowledged))) whole = false;
    }
    return whole;
  }

  *zero(offsetBytes: number, lengthBytes: number, fua: boolean): Task<boolean> {
    const value = { offsetBytes: BigInt(offsetBytes), lengthBytes: BigInt(lengthBytes), fua };
    return yield* this.#acknowledged(yield* this.#submit((id) => ({ case: 'mirrorZero', value: { id, ...value } })));
  }

  *flush(): Task<boolean> {
    return yield* this.#acknowledged(yield* this.#submit((id) => ({ case: 'mirrorFlush', value: { id } })));
  }

  /** The secondary's acknowledgement. One that nobody waits for came late and is dropped. */
  done(id: number, status: Status): void {
    const pending = this.#waiting.get(id);
    if (pending === undefined) return;
    this.#waiting.delete(id);
    this.#room.release();
    pending.succeed(status);
  }

  /** Sends an operation; returns what its acknowledgement will settle, or undefined when the session is over. */
  *#submit(body: (id: number) => LinkBody, payload?: Uint8Array): Task<Pending<Status> | undefined> {
    yield* this.#room.acquire();
    if (this.session.ended !== undefined) {
      this.#room.release();
      return undefined;
    }
    const id = this.#nextId;
    this.#nextId = (this.#nextId % 0xffffffff) + 1;
    const acknowledged = this.loop.pending<Status>();
    this.#waiting.set(id, acknowledged);
    try {
      yield* this.session.send(body(id), payload);
    } catch (error) {
      if (!(error instanceof SessionEnded)) throw error;
    }
    return acknowledged;
  }

  *#acknowledged(acknowledged: Pending<Status> | undefined): Task<boolean> {
    if (acknowledged === undefined) return false;
    const status = yield* wait(acknowledged);
    if (status === Status.SUCCESS) return true;
    // The secondary could not hold it: what it missed is tracked, and a new session copies it.
    this.session.end(status, 'the secondary failed to apply a mirrored write');
    return false;
  }

  #abandon(): void {
    for (const id of [...this.#waiting.keys()]) this.done(id, Status.LINK_LOST);
  }
}
