import type { FramePort } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import { type Pending, PartError, type Task, wait } from '../kernel/pending.js';

/** A connection as the sender sees it. It outlives the sessions that a serial line opens one after the other. */
export interface HostLine {
  readonly connection: number;
  /** Frames handed to the port that have not left it. */
  unsent: number;
  /** Frames that have left it; what tells a host that reads from one that does not. */
  sent: number;
}

export function hostLine(connection: number): HostLine {
  return { connection, unsent: 0, sent: 0 };
}

/**
 * Hands a frame to the port; `sent` is called once its memory is free again, whether it got there or not: of a
 * connection that is gone the `closed` event tells. Callers keep `line.unsent` bounded.
 */
export function sendFrame(
  loop: EventLoop,
  port: FramePort,
  line: HostLine,
  head: Uint8Array,
  payload: Uint8Array | undefined,
  sent: () => void,
): void {
  line.unsent += 1;
  const sending = loop.start<number>((done) => { port.send(line.connection, head, payload, done); });
  loop.spawn('send to host', settle(line, sending, sent));
}

function* settle(line: HostLine, sending: Pending<number>, sent: () => void): Task {
  try {
    yield* wait(sending);
  } catch (error) {
    if (!(error instanceof PartError)) throw error;
  }
  line.unsent -= 1;
  line.sent += 1;
  sent();
}
