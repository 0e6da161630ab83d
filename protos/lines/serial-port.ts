/*
 * What both ends of a serial line do with the package `serialport`, without loading it: it brings a native
 * add-on, which only the two places that open a port need.
 */

/** A start bit, eight of data, a stop bit. */
const BITS_PER_BYTE = 10;

export function serialBytesPerSecond(baud: number): number {
  return baud / BITS_PER_BYTE;
}

/**
 * How a port is made. Modem lines are neither set nor looked at, since many cables do not carry them; and
 * closing does not hang up, since the other side may be in the middle of a frame to the next one here.
 */
export function serialSettings(path: string, baud: number) {
  return { path, baudRate: baud, autoOpen: false, rtscts: false, hupcl: false } as const;
}

/** What is used here of an open port of serialport, and of the poller that its bindings for Unix have. */
export interface MendablePort {
  readonly port?: object | undefined;
  close(done: () => void, reason: Error): void;
}

interface Poller {
  poll(events?: number): void;
  listenerCount(event: 'readable' | 'writable'): number;
  once(event: 'disconnect', listener: (error: unknown) => void): unknown;
}

const READABLE = 1;
const WRITABLE = 2;
const DISCONNECT = 4;

/**
 * Mends an open port, where its bindings are those of serialport 13.0 for Unix; does no harm elsewhere.
 *
 * - Their poller waits for the event asked for last alone. A read asked for while a write waits for room ends
 *   the wait of that write, and once both ends of a line wait so for each other, neither moves again.
 * - A read under way when the device goes returns no bytes, is tried again at once, and so for ever: a whole
 *   processor is busy, and nobody is told. So the poller also waits for the device to go, and closes the port.
 */
export function mendPort(mendable: MendablePort): void {
  const poller = pollerOf(mendable.port);
  if (poller === undefined) return;
  const poll = poller.poll.bind(poller);
  poller.poll = (events = 0) => {
    const reading = poller.listenerCount('readable') > 0 ? READABLE : 0;
    const writing = poller.listenerCount('writable') > 0 ? WRITABLE : 0;
    poll(events | reading | writing | DISCONNECT);
  };
  poller.once('disconnect', (error) => {
    // Whoever closes a port cancels what waits at its poller, this too.
    if (!isCanceled(error)) mendable.close(() => undefined, new Error('the device is gone'));
  });
}

function pollerOf(port: object | undefined): Poller | undefined {
  if (port === undefined || !('poller' in port)) return undefined;
  const { poller } = port;
  return isPoller(poller) ? poller : undefined;
}

function isPoller(candidate: unknown): candidate is Poller {
  if (typeof candidate !== 'object' || candidate === null) return false;
  const methods = candidate as Record<string, unknown>;
  return ['poll', 'listenerCount', 'once'].every((name) => typeof methods[name] === 'function');
}

function isCanceled(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'canceled' in error && error.canceled === true;
}
