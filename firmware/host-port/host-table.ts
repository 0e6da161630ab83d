import { MAX_HOST_CONNECTIONS } from '../limits.js';
import { type HostQueue, type HostSession, queueOf } from './host-session.js';

/** Queue pairs at one place. */
const QUEUES_PER_PLACE = 2;

/** Where the queue pairs of a place begin in the doorbell array. */
export function firstSlotOf(place: number): number {
  return place * QUEUES_PER_PLACE;
}

/** The hosts that are connected, each at its place. */
export class HostTable {
  readonly #places = new Array<HostSession | undefined>(MAX_HOST_CONNECTIONS).fill(undefined);
  readonly #byConnection = new Map<number, HostSession>();

  get sessions(): HostSession[] {
    return [...this.#byConnection.values()];
  }

  of(connection: number): HostSession | undefined {
    return this.#byConnection.get(connection);
  }

  /** A place for one more host; undefined when there is none. */
  freePlace(): number | undefined {
    const place = this.#places.indexOf(undefined);
    return place < 0 ? undefined : place;
  }

  /** Puts a session at its place, which is free. */
  put(session: HostSession): void {
    this.#places[session.place] = session;
    this.#byConnection.set(session.line.connection, session);
  }

  remove(session: HostSession): void {
    this.#places[session.place] = undefined;
    this.#byConnection.delete(session.line.connection);
  }

  /** The queue pair at a slot of the doorbell array, if there is one now. */
  queueAt(slot: number): HostQueue | undefined {
    const session = this.#places[Math.floor(slot / QUEUES_PER_PLACE)];
    return session === undefined ? undefined : queueOf(session, slot % QUEUES_PER_PLACE);
  }
}
