import { describe, expect, it } from 'vitest';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { Opcode } from '../../../protos/gen/grainlink/host/v1/host_pb.js';
import {
  HOST_RECEIVE_BUFFERS,
  HOST_STALL_MS,
  MAX_HOST_COMMANDS,
  MAX_TASKS,
  MAX_UNSENT_ANSWERS,
  MAX_UNSENT_FRAMES_PER_HOST,
  READ_BUFFERS_PER_HOST,
} from '../../../firmware/limits.js';
import { HostBench } from './host-bench.js';
import { settle } from '../support/tasks.js';

const BLOCK = new Uint8Array(512);

describe('a host that does not read its completions', () => {
  it('is held to two queues full, and let go when it overruns them', () => {
    const bench = new HostBench();
    bench.connected(1, 4);
    // Four are on their way, four more have ended and wait; the card owes an answer to no more.
    for (let id = 0; id < 8; id += 1) bench.submits(1, { commandId: id, opcode: Opcode.FLUSH });
    expect([bench.port.underWay(1), bench.port.closedByCard]).toEqual([4, []]);
    bench.submits(1, { commandId: 8, opcode: Opcode.FLUSH });
    expect(bench.port.closedByCard).toEqual([1]);
  });

  it('gets them all, in order and in phase, when it reads at last', () => {
    const bench = new HostBench();
    bench.connected(1, 4);
    for (let id = 0; id < 8; id += 1) bench.submits(1, { commandId: id, opcode: Opcode.FLUSH });
    const completions = Array.from({ length: 8 }, () => bench.completion(1));
    expect(completions.map(({ commandId }) => commandId)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(completions.map(({ phase }) => phase)).toEqual([true, true, true, true, false, false, false, false]);
  });

  it('keeps no receive buffer, and only its own share of the read buffers', () => {
    const bench = new HostBench();
    for (let connection = 1; connection <= 3; connection += 1) {
      bench.connected(connection, 64);
      for (let id = 0; id < 64; id += 1) bench.submits(connection, { commandId: id, opcode: Opcode.READ, blocks: 1 });
      expect(bench.port.underWay(connection)).toBe(READ_BUFFERS_PER_HOST);
    }
    expect(bench.port.posted).toHaveLength(HOST_RECEIVE_BUFFERS);
    bench.connected(9);
    expect(bench.executes(9, { commandId: 1, opcode: Opcode.READ, blocks: 1 }).status).toBe(Status.SUCCESS);
  });

  it('is let go after a time, and what it held is free', () => {
    const bench = new HostBench();
    for (let connection = 1; connection <= 4; connection += 1) {
      bench.connected(connection, 64);
      for (let id = 0; id < 64; id += 1) bench.submits(connection, { commandId: id, opcode: Opcode.READ, blocks: 1 });
    }
    bench.connected(9);
    bench.submits(9, { commandId: 1, opcode: Opcode.READ, blocks: 1 });
    expect(bench.port.underWay(9)).toBe(0);
    for (let i = 0; i < 2; i += 1) {
      bench.clock.advance(HOST_STALL_MS);
      settle(bench.loop);
    }
    expect(bench.port.closedByCard).toEqual([1, 2, 3, 4]);
    expect(bench.completion(9).status).toBe(Status.SUCCESS);
  });

  it('but slowly reads is not let go', () => {
    const bench = new HostBench();
    bench.connected(1, 8);
    for (let id = 0; id < 8; id += 1) bench.submits(1, { commandId: id, opcode: Opcode.FLUSH });
    for (let id = 0; id < 8; id += 1) {
      bench.clock.advance(HOST_STALL_MS);
      settle(bench.loop);
      expect(bench.completion(1).commandId).toBe(id);
    }
    expect(bench.port.closedByCard).toEqual([]);
  });

  it('and asks on for registers is let go', () => {
    const bench = new HostBench();
    bench.connected(1);
    const ask = (): void => { bench.sends(1, { body: { case: 'propertyGet', value: { requestId: 1, offset: 0, lengthBytes: 4 } } }); };
    for (let i = 0; i < MAX_UNSENT_ANSWERS; i += 1) ask();
    expect(bench.port.closedByCard).toEqual([]);
    ask();
    ask();
    expect(bench.port.closedByCard).toEqual([1]);
  });

  it('and connects again and again on a serial line is let go', () => {
    const bench = new HostBench();
    bench.connected(1);
    const rounds = 2 * MAX_UNSENT_FRAMES_PER_HOST;
    let most = 0;
    for (let i = 0; i < rounds; i += 1) {
      bench.sends(1, { body: { case: 'connect', value: { version: 1, queueDepth: 4, nonce: i } } });
      most = Math.max(most, bench.port.underWay(1));
    }
    expect(bench.port.closedByCard.length).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(MAX_UNSENT_FRAMES_PER_HOST + 1);
  });
});

describe('a host that keeps to its depth', () => {
  it('is never refused, even when the card hears late of what was sent', () => {
    const bench = new HostBench();
    bench.connected(1, 2);
    bench.submits(1, { commandId: 0, opcode: Opcode.FLUSH });
    bench.submits(1, { commandId: 1, opcode: Opcode.FLUSH });
    const late: { tell(): void }[] = [];
    for (let id = 2; id < 4; id += 1) {
      const read = bench.port.hostReadsBehindTheCard(1);
      if (read === undefined) throw new Error('nothing to read');
      late.push(read);
      bench.submits(1, { commandId: id, opcode: Opcode.FLUSH });
    }
    for (const read of late) read.tell();
    settle(bench.loop);
    const statuses = [bench.completion(1), bench.completion(1)].map(({ commandId, status }) => [commandId, status]);
    expect(statuses).toEqual([[2, Status.SUCCESS], [3, Status.SUCCESS]]);
  });
});

describe('writes in flight', () => {
  it('stop the card from reading when they hold all receive buffers, and let it go on when one ends', () => {
    const bench = new HostBench();
    bench.connected(1, 256);
    bench.io.holding = true;
    for (let id = 0; id < HOST_RECEIVE_BUFFERS + 3; id += 1) bench.submits(1, { commandId: id, opcode: Opcode.WRITE, lba: BigInt(id), blocks: 1 }, BLOCK);
    expect([bench.io.held, bench.port.posted.length]).toEqual([HOST_RECEIVE_BUFFERS, 0]);
    bench.io.letGo();
    settle(bench.loop);
    expect(bench.io.calls).toHaveLength(HOST_RECEIVE_BUFFERS + 1);
    bench.io.letAllGo();
    settle(bench.loop);
    expect(bench.port.posted).toHaveLength(HOST_RECEIVE_BUFFERS);
  });

  it('of hosts that come and go are bounded over all', () => {
    const bench = new HostBench();
    bench.io.holding = true;
    let connection = 0;
    const depth = 256;
    while (bench.io.held < MAX_HOST_COMMANDS) {
      connection += 1;
      bench.connected(connection, depth);
      for (let id = 0; id < depth; id += 1) bench.submits(connection, { commandId: id, opcode: Opcode.FLUSH });
      bench.port.hostCloses(connection);
      settle(bench.loop);
    }
    bench.connected(0, depth);
    expect(bench.executes(0, { commandId: 1, opcode: Opcode.FLUSH })).toMatchObject({ status: Status.BUSY, detail: 'too many commands in flight' });
    expect(bench.loop.tasks).toBeLessThan(MAX_TASKS / 2);
    bench.io.letAllGo();
    settle(bench.loop);
    expect(bench.executes(0, { commandId: 1, opcode: Opcode.FLUSH }).status).toBe(Status.SUCCESS);
  });
});
