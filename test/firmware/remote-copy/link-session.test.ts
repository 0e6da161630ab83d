import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { type LinkFrame, LinkFrameSchema } from '../../../protos/gen/grainlink/link/v1/link_pb.js';
import { LINK_HEARTBEAT_MS, LINK_SILENCE_MS } from '../../../firmware/limits.js';
import { SessionEnded } from '../../../firmware/remote-copy/link-session.js';
import { SessionBench } from '../support/session-bench.js';
import { launch } from '../support/tasks.js';

const incoming = (sequence: number, session = 77n): LinkFrame => create(LinkFrameSchema, { session, sequence, body: { case: 'heartbeat', value: {} } });

describe('a frame counts', () => {
  test('in its session, on its connection, in sequence, once', () => {
    const { session } = new SessionBench();
    expect([session.accepts(1, incoming(0)), session.accepts(1, incoming(1))]).toEqual([true, true]);
    expect(session.accepts(1, incoming(1))).toBe(false);
    expect(session.accepts(1, incoming(0))).toBe(false);
    expect(session.accepts(1, incoming(2, 78n))).toBe(false);
    expect(session.accepts(2, incoming(2))).toBe(false);
    expect([session.ended, session.accepts(1, incoming(2))]).toEqual([undefined, true]);
  });

  test('never behind a gap: what is missing is lost, and the session with it', () => {
    const { session } = new SessionBench();
    expect([session.accepts(1, incoming(1)), session.ended?.status]).toEqual([false, Status.LINK_LOST]);
    expect(session.accepts(1, incoming(0))).toBe(false);
  });
});

test('frames leave numbered, in the order of the calls', () => {
  const bench = new SessionBench();
  bench.stuck = true;
  for (let id = 0; id < 3; id += 1) launch(bench.loop, bench.session.send({ case: 'barrier', value: { id } }));
  expect(bench.sent.map(({ frame }) => [frame.session, frame.sequence, frame.body.value])).toMatchObject([[77n, 0, { id: 0 }], [77n, 1, { id: 1 }], [77n, 2, { id: 2 }]]);
});

describe('silence', () => {
  test('ends the session, not before its time', () => {
    const bench = new SessionBench();
    bench.session.start();
    bench.pass(LINK_SILENCE_MS - 100);
    expect(bench.session.ended).toBeUndefined();
    bench.pass(LINK_HEARTBEAT_MS + 200);
    expect([bench.session.ended?.status, bench.closed]).toEqual([Status.LINK_LOST, true]);
  });

  test('is broken by any frame of the session', () => {
    const bench = new SessionBench();
    bench.session.start();
    for (let sequence = 0; sequence < 6; sequence += 1) {
      bench.pass(LINK_SILENCE_MS / 2);
      bench.session.accepts(1, incoming(sequence));
    }
    expect(bench.session.ended).toBeUndefined();
  });

  test('is noticed although the line takes no heartbeat', () => {
    const bench = new SessionBench();
    bench.stuck = true;
    bench.session.start();
    bench.pass(LINK_SILENCE_MS + LINK_HEARTBEAT_MS + 200);
    expect(bench.session.ended?.status).toBe(Status.LINK_LOST);
    expect(bench.kinds()).toEqual(['heartbeat']);
    expect(bench.loop.tasks).toBe(bench.ownTasks);
  });

  test('does not come from this side: heartbeats go out', () => {
    const bench = new SessionBench();
    bench.session.start();
    bench.settle();
    bench.pass(2 * LINK_HEARTBEAT_MS);
    expect(bench.kinds()).toEqual(['heartbeat', 'heartbeat', 'heartbeat']);
  });
});

describe('the end', () => {
  test('comes once, tells those who asked first of all, and closes the connection', () => {
    const bench = new SessionBench();
    const told: unknown[] = [];
    bench.session.onEnd(() => { told.push(bench.session.ended?.detail, bench.closed); });
    bench.session.end(Status.STOPPED, 'first');
    bench.session.end(Status.LINK_LOST, 'second');
    expect([told, bench.session.ended]).toEqual([['first', false], { status: Status.STOPPED, detail: 'first' }]);
  });

  test('is that of a frame that the line refuses', () => {
    const bench = new SessionBench();
    bench.closed = true;
    const sending = launch(bench.loop, bench.session.send({ case: 'heartbeat', value: {} }));
    bench.settle();
    expect(() => { sending.result(); }).toThrow(SessionEnded);
    expect(bench.session.ended?.status).toBe(Status.LINK_LOST);
  });

  test('lets nothing more leave', () => {
    const bench = new SessionBench();
    bench.session.end(Status.STOPPED, '');
    const sending = launch(bench.loop, bench.session.send({ case: 'heartbeat', value: {} }));
    bench.settle();
    expect(() => { sending.result(); }).toThrow(SessionEnded);
    expect(bench.sent).toEqual([]);
  });

  test('stops watch and heartbeat at once', () => {
    const bench = new SessionBench();
    bench.session.start();
    bench.settle();
    bench.session.end(Status.STOPPED, '');
    bench.settle();
    expect(bench.loop.tasks).toBe(bench.ownTasks);
  });

  test('is told to the peer by a goodbye', () => {
    const bench = new SessionBench();
    launch(bench.loop, bench.session.goodbye(Status.STOPPED, 'why', 9n));
    bench.settle();
    expect(bench.sent.at(0)?.frame.body).toMatchObject({ case: 'goodbye', value: { status: Status.STOPPED, detail: 'why', forkId: 9n } });
    expect(bench.session.ended).toEqual({ status: Status.STOPPED, detail: 'why' });
  });

  test('is complete when all work has left', () => {
    const bench = new SessionBench();
    launch(bench.loop, bench.session.work.enter());
    const drained = launch(bench.loop, bench.session.drained());
    bench.settle();
    expect(drained.ended).toBe(false);
    bench.session.end(Status.STOPPED, '');
    bench.settle();
    expect(drained.ended).toBe(false);
    bench.session.work.leave();
    bench.settle();
    expect(drained.ended).toBe(true);
  });
});
