import { describe, expect, test } from 'vitest';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { MAX_MIRRORS_IN_FLIGHT } from '../../../firmware/limits.js';
import { Mirror } from '../../../firmware/remote-copy/mirror.js';
import { SessionBench } from '../support/session-bench.js';
import { launch } from '../support/tasks.js';

interface Bench {
  readonly line: SessionBench;
  readonly mirror: Mirror;
  /** Ids of the operations that have left, in order. */
  ids(): number[];
}

function bench(maxPayloadBytes = 4096): Bench {
  const line = new SessionBench(maxPayloadBytes);
  const mirror = new Mirror(line.loop, line.session);
  return { line, mirror, ids: () => line.sent.flatMap(({ frame: { body } }) => (body.case === 'mirrorWrite' || body.case === 'mirrorZero' || body.case === 'mirrorFlush' ? [body.value.id] : [])) };
}

test('a write returns when the secondary acknowledged it, and not when it was sent', () => {
  const { line, mirror, ids } = bench();
  const written = launch(line.loop, mirror.write(8192, new Uint8Array(512).fill(7), true));
  line.settle();
  expect([written.ended, line.sent[0]?.frame]).toMatchObject([false, { body: { case: 'mirrorWrite', value: { offsetBytes: 8192n, fua: true } }, payload: new Uint8Array(512).fill(7) }]);
  for (const id of ids()) mirror.done(id, Status.SUCCESS);
  line.settle();
  expect(written.result()).toBe(true);
});

test('a write longer than a frame is whole when each piece is acknowledged, in any order', () => {
  const { line, mirror, ids } = bench(1024);
  const written = launch(line.loop, mirror.write(512, new Uint8Array(2560).fill(7), false));
  line.settle();
  expect(line.sent.map(({ frame: { body, payload } }) => [body.case === 'mirrorWrite' ? body.value.offsetBytes : undefined, payload.length])).toEqual([[512n, 1024], [1536n, 1024], [2560n, 512]]);
  const [first, ...others] = ids();
  for (const id of others.reverse()) mirror.done(id, Status.SUCCESS);
  line.settle();
  expect(written.ended).toBe(false);
  mirror.done(first ?? 0, Status.SUCCESS);
  line.settle();
  expect(written.result()).toBe(true);
});

test('zeroes and flushes cross without data', () => {
  const { line, mirror } = bench();
  launch(line.loop, mirror.zero(4096, 1 << 26, true));
  launch(line.loop, mirror.flush());
  line.settle();
  expect(line.sent.map(({ frame }) => frame.body)).toMatchObject([
    { case: 'mirrorZero', value: { offsetBytes: 4096n, lengthBytes: 1n << 26n, fua: true } },
    { case: 'mirrorFlush' },
  ]);
});

test('an acknowledgement that comes twice, or for nothing, is dropped', () => {
  const { line, mirror, ids } = bench();
  mirror.done(1, Status.SUCCESS);
  const written = launch(line.loop, mirror.flush());
  line.settle();
  const [id] = ids();
  mirror.done(id ?? 0, Status.SUCCESS);
  mirror.done(id ?? 0, Status.DISK_ERROR);
  line.settle();
  expect([written.result(), line.session.ended]).toEqual([true, undefined]);
});

test('a secondary that could not do it costs the session', () => {
  const { line, mirror, ids } = bench();
  const written = launch(line.loop, mirror.flush());
  line.settle();
  mirror.done(ids()[0] ?? 0, Status.DISK_ERROR);
  line.settle();
  expect([written.result(), line.session.ended?.status]).toEqual([false, Status.DISK_ERROR]);
});

describe('when the session ends', () => {
  test('what waits for an acknowledgement, for the line or for its turn was not held by both', () => {
    const { line, mirror } = bench();
    const flushes = Array.from({ length: MAX_MIRRORS_IN_FLIGHT }, () => launch(line.loop, mirror.flush()));
    line.stuck = true;
    const queued = launch(line.loop, mirror.write(0, new Uint8Array(512), false));
    line.settle();
    expect(line.sent).toHaveLength(MAX_MIRRORS_IN_FLIGHT);
    line.session.end(Status.LINK_LOST, '');
    line.settle();
    expect([...flushes, queued].map((one) => one.result())).not.toContain(true);
    expect(line.loop.tasks).toBe(line.ownTasks);
  });

  test('what comes afterwards is not even sent', () => {
    const { line, mirror } = bench();
    line.session.end(Status.LINK_LOST, '');
    const written = launch(line.loop, mirror.write(0, new Uint8Array(512), false));
    line.settle();
    expect([written.result(), line.sent.length]).toEqual([false, 0]);
  });
});

test('operations in flight are bounded: the next leaves when one is acknowledged', () => {
  const { line, mirror, ids } = bench();
  for (let i = 0; i < MAX_MIRRORS_IN_FLIGHT + 3; i += 1) launch(line.loop, mirror.flush());
  line.settle();
  expect(line.sent).toHaveLength(MAX_MIRRORS_IN_FLIGHT);
  mirror.done(ids()[5] ?? 0, Status.SUCCESS);
  line.settle();
  expect(line.sent).toHaveLength(MAX_MIRRORS_IN_FLIGHT + 1);
});
