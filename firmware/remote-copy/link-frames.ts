import type { LinkFrame } from '../../protos/gen/grainlink/link/v1/link_pb.js';
import type { Trace } from '../hal.js';
import type { Task } from '../kernel/pending.js';
import type { Requester } from '../synchronization/requester.js';
import type { LinkEvents } from './peer-link.js';
import type { PrimaryRemoteCopy } from './primary.js';

/** Brings each frame to whom it is for. Frames of no current session are late, and dropped (rule 9). */
export class LinkFrames implements LinkEvents {
  constructor(
    private readonly primary: PrimaryRemoteCopy,
    private readonly requester: Requester,
    private readonly trace: Trace,
  ) {}

  isNeeded(connection: number): boolean {
    return this.primary.session?.session.connection === connection || this.requester.needs(connection);
  }

  *frame(connection: number, frame: LinkFrame): Task {
    if (frame.session === 0n) return yield* this.#negotiation(connection, frame);
    const session = this.primary.session ?? this.requester.session;
    if (session?.session.accepts(connection, frame) === true) yield* session.handle(frame);
    else this.#late(frame);
  }

  closed(connection: number, reason: string): void {
    this.primary.connectionClosed(connection, reason);
    this.requester.connectionClosed(connection, reason);
  }

  #late({ body }: LinkFrame): void {
    this.trace.event('late frame dropped', body.case ?? '');
  }

  *#negotiation(connection: number, frame: LinkFrame): Task {
    const { body } = frame;
    switch (body.case) {
      case 'hello':
        return yield* this.primary.hello(connection, body.value);
      case 'welcome':
        this.requester.welcomed(connection, body.value);
        return;
      case 'refusal':
        this.requester.refused(connection, body.value);
        return;
      default:
        this.#late(frame);
    }
  }
}
