import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import { HOST_STALL_MS } from '../limits.js';
import type { HostLine } from './frame-sender.js';
import type { HostSession } from './host-session.js';
import type { HostTable } from './host-table.js';

/**
 * Finds hosts for which frames wait and that take none: what such a host holds, read buffers above all, the
 * others wait for. `letGo` is told of each within twice {@link HOST_STALL_MS}.
 */
export function* watchStalls(loop: EventLoop, hosts: HostTable, letGo: (session: HostSession) => void): Task {
  /** Lines with frames waiting when last looked at, and what they had sent then. */
  let waiting = new Map<HostLine, number>();
  for (;;) {
    yield* loop.sleep(HOST_STALL_MS);
    const stillWaiting = new Map<HostLine, number>();
    for (const session of hosts.sessions) {
      const { line } = session;
      if (line.unsent === 0) continue;
      if (waiting.get(line) === line.sent) letGo(session);
      else stillWaiting.set(line, line.sent);
    }
    waiting = stillWaiting;
  }
}
