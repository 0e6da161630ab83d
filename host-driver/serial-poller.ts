/** What of serialport's poller is used here: who waits for what, and the call that starts waiting. */
interface Poller {
  poll(events?: number): void;
  listenerCount(event: 'readable' | 'writable'): number;
}

const READABLE = 1;
const WRITABLE = 2;

/**
 * Makes an open port wait for all that is waited for. The poller of serialport's bindings 13.0 waits for the
 * event asked for last alone: a read asked for while a write waits for room ends the wait of that write, and
 * once both ends of a line wait so for each other, neither moves again. No harm where that is mended, or
 * where ports have no poller.
 */
export function waitForBoth(port: object | undefined): void {
  const poller = pollerOf(port);
  if (poller === undefined) return;
  const poll = poller.poll.bind(poller);
  poller.poll = (events = 0) => {
    const reading = poller.listenerCount('readable') > 0 ? READABLE : 0;
    const writing = poller.listenerCount('writable') > 0 ? WRITABLE : 0;
    poll(events | reading | writing);
  };
}

function pollerOf(port: object | undefined): Poller | undefined {
  if (port === undefined || !('poller' in port)) return undefined;
  const { poller } = port;
  return isPoller(poller) ? poller : undefined;
}

function isPoller(candidate: unknown): candidate is Poller {
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    'poll' in candidate &&
    typeof candidate.poll === 'function' &&
    'listenerCount' in candidate &&
    typeof candidate.listenerCount === 'function'
  );
}
