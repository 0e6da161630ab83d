import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { waitForBoth } from '../../host-driver/serial-poller.js';

const READABLE = 1;
const WRITABLE = 2;

/** Waits for what it was asked for last, as the bindings' poller does. */
class ForgetfulPoller extends EventEmitter {
  waitsFor = 0;

  poll(events = 0): void {
    this.waitsFor = events;
  }
}

describe('waitForBoth', () => {
  it('keeps a write waiting when a read is asked for', () => {
    const poller = new ForgetfulPoller();
    waitForBoth({ poller });
    poller.poll(WRITABLE);
    poller.once('writable', () => undefined);
    poller.poll(READABLE);
    expect(poller.waitsFor).toBe(READABLE | WRITABLE);
  });

  it('keeps a read waiting when a write is asked for', () => {
    const poller = new ForgetfulPoller();
    waitForBoth({ poller });
    poller.once('readable', () => undefined);
    poller.poll(WRITABLE);
    expect(poller.waitsFor).toBe(READABLE | WRITABLE);
  });

  it('waits for nothing that nobody waits for', () => {
    const poller = new ForgetfulPoller();
    waitForBoth({ poller });
    poller.once('writable', () => undefined);
    poller.emit('writable');
    poller.poll(READABLE);
    expect(poller.waitsFor).toBe(READABLE);
  });

  it.each([['no port', undefined], ['no poller', {}], ['a poller of another make', { poller: { start: 1 } }]])('leaves %s alone', (_what, port) => {
    expect(() => { waitForBoth(port); }).not.toThrow();
  });
});
