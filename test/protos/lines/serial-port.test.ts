import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { mendPort, serialBytesPerSecond } from '../../../protos/lines/serial-port.js';

const READABLE = 1;
const WRITABLE = 2;
const DISCONNECT = 4;

/** Waits for what it was asked for last, as the bindings' poller does. */
class ForgetfulPoller extends EventEmitter {
  waitsFor = 0;

  poll(events = 0): void {
    this.waitsFor = events;
  }
}

function mended(): { poller: ForgetfulPoller; closedFor: Error[] } {
  const poller = new ForgetfulPoller();
  const closedFor: Error[] = [];
  mendPort({ port: { poller }, close: (_done, reason) => { closedFor.push(reason); } });
  return { poller, closedFor };
}

describe('a mended port', () => {
  it('keeps a write waiting when a read is asked for', () => {
    const { poller } = mended();
    poller.poll(WRITABLE);
    poller.once('writable', () => undefined);
    poller.poll(READABLE);
    expect(poller.waitsFor).toBe(READABLE | WRITABLE | DISCONNECT);
  });

  it('keeps a read waiting when a write is asked for', () => {
    const { poller } = mended();
    poller.once('readable', () => undefined);
    poller.poll(WRITABLE);
    expect(poller.waitsFor).toBe(READABLE | WRITABLE | DISCONNECT);
  });

  it('waits neither for a read nor for a write that nobody waits for', () => {
    const { poller } = mended();
    poller.once('writable', () => undefined);
    poller.emit('writable');
    poller.poll(READABLE);
    expect(poller.waitsFor).toBe(READABLE | DISCONNECT);
  });

  it('is closed when the device goes', () => {
    const { poller, closedFor } = mended();
    poller.emit('disconnect', new Error('bad file descriptor'));
    expect(closedFor).toEqual([expect.objectContaining({ message: 'the device is gone' })]);
  });

  it('is not closed again by whoever closes it', () => {
    const { poller, closedFor } = mended();
    poller.emit('disconnect', Object.assign(new Error('Canceled'), { canceled: true }));
    expect(closedFor).toEqual([]);
  });

  it.each([['no port', undefined], ['no poller', {}], ['a poller of another make', { poller: { start: 1 } }]])('with %s is left alone', (_what, port) => {
    expect(() => { mendPort({ port, close: () => undefined }); }).not.toThrow();
  });
});

it('a byte takes ten bits on a serial line', () => {
  expect(serialBytesPerSecond(115_200)).toBe(11_520);
});
