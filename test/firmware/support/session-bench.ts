import { heapMemory } from '../../../emulator/parts/heap-memory.js';
import { fromBinary } from '@bufbuild/protobuf';
import { type LinkFrame, LinkFrameSchema } from '../../../protos/gen/grainlink/link/v1/link_pb.js';
import type { Completion, PeerPort } from '../../../firmware/hal.js';
import { EventLoop } from '../../../firmware/kernel/event-loop.js';
import { LinkSession } from '../../../firmware/remote-copy/link-session.js';
import { PeerLink } from '../../../firmware/remote-copy/peer-link.js';
import { BenchClock, settle } from './tasks.js';

interface Sent {
  readonly frame: LinkFrame;
  readonly done: Completion<number>;
}

/** One session on a line that ends in the test. */
export class SessionBench {
  readonly clock = new BenchClock();
  readonly loop = new EventLoop(this.clock, () => undefined);
  /** Frames that have left, oldest first. */
  readonly sent: Sent[] = [];
  /** Sends complete when the test says so. */
  stuck = false;
  closed = false;
  readonly session: LinkSession;
  /** Tasks of the line itself. */
  readonly ownTasks: number;
  readonly #waiting: Completion<number>[] = [];

  constructor(maxPayloadBytes = 4096) {
    const port: PeerPort = {
      listening: true,
      receive: () => undefined,
      dial: () => undefined,
      maxPayloadBytes: () => maxPayloadBytes,
      close: () => { this.#close(); },
      send: (_connection, head, payload, done) => { this.#send(head, payload, done); },
    };
    const link = new PeerLink(this.loop, port, heapMemory);
    // Its receive buffers wait: nothing comes from the line by itself.
    link.start({ isNeeded: () => true, *frame() { return; }, closed: () => undefined });
    this.ownTasks = this.loop.tasks;
    this.session = new LinkSession(this.loop, this.clock, link, 77n, 1, maxPayloadBytes);
  }

  /** The kinds of the frames that have left since the last call. */
  kinds(): (string | undefined)[] {
    return this.sent.splice(0).map(({ frame }) => frame.body.case);
  }

  settle(): void {
    settle(this.loop);
  }

  pass(ms: number, stepMs = 100): void {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(stepMs);
      this.settle();
    }
  }

  #send(head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    if (this.closed) {
      done.fail({ part: 'port', kind: 'closed', text: 'closed' });
      return;
    }
    const bytes = new Uint8Array(Buffer.concat(payload === undefined ? [head] : [head, payload]));
    this.sent.push({ frame: fromBinary(LinkFrameSchema, bytes), done });
    if (this.stuck) this.#waiting.push(done);
    else done.succeed(bytes.length);
  }

  #close(): void {
    this.closed = true;
    for (const done of this.#waiting.splice(0)) done.fail({ part: 'port', kind: 'closed', text: 'closed' });
  }
}
