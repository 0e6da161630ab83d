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

  *write(offsetBytes: number, payload: Uint8Array, fua: boolean): Task<boolean> {
    const pieceBytes = this.session.maxPayloadBytes;
    if (payload.length <= pieceBytes) return yield* this.#writePiece(offsetBytes, payload, fua);
    const pieces: Pending<boolean>[] = [];
    for (let at = 0; at < payload.length; at += pieceBytes) {
      const piece = payload.subarray(at, at + pieceBytes);
      pieces.push(this.loop.fork('mirror-piece', this.#writePiece(offsetBytes + at, piece, fua)));
    }
    let whole = true;
    for (const piece of pieces) {
      if (!(yield* wait(piece))) whole = false;
    }
    return whole;
  }

  zero(offsetBytes: number, lengthBytes: number, fua: boolean): Task<boolean> {
    return this.#roundTrip((id) => ({
      case: 'mirrorZero',
      value: { id, offsetBytes: BigInt(offsetBytes), lengthBytes: BigInt(lengthBytes), fua },
    }));
  }

  flush(): Task<boolean> {
    return this.#roundTrip((id) => ({ case: 'mirrorFlush', value: { id } }));
  }

  /** The secondary's acknowledgement. One that nobody waits for came late and is dropped. */
  done(id: number, status: Status): void {
    const pending = this.#waiting.get(id);
    if (pending === undefined) return;
    this.#waiting.delete(id);
    pending.succeed(status);
  }

  #writePiece(offsetBytes: number, payload: Uint8Array, fua: boolean): Task<boolean> {
    return this.#roundTrip((id) => ({ case: 'mirrorWrite', value: { id, offsetBytes: BigInt(offsetBytes), fua } }), payload);
  }

  *#roundTrip(body: (id: number) => LinkBody, payload?: Uint8Array): Task<boolean> {
    yield* this.#room.acquire();
    try {
      if (this.session.ended !== undefined) return false;
      const id = this.#nextId;
      this.#nextId = (this.#nextId % 0xffffffff) + 1;
      const acknowledged = this.loop.pending<Status>();
      this.#waiting.set(id, acknowledged);
      yield* this.session.send(body(id), payload);
      const status = yield* wait(acknowledged);
      if (status === Status.SUCCESS) return true;
      // The secondary could not hold it: what it missed is tracked, and a new session copies it.
      this.session.end(status, 'the secondary failed to apply a mirrored write');
      return false;
    } catch (error) {
      if (error instanceof SessionEnded) return false;
      throw error;
    } finally {
      this.#room.release();
    }
  }

  #abandon(): void {
    for (const pending of this.#waiting.values()) pending.succeed(Status.LINK_LOST);
    this.#waiting.clear();
  }
}
