import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { HostFrameSchema, Opcode } from '../../../protos/gen/grainlink/host/v1/host_pb.js';
import { FRAME_BUFFER_BYTES, HOST_RECEIVE_BUFFERS, MAX_HOST_CONNECTIONS, READ_BUFFERS, READ_BUFFERS_PER_HOST } from '../../../firmware/limits.js';
import { HostBench, VOLUME_BLOCKS } from './host-bench.js';
import { settle } from '../support/tasks.js';

const BLOCK = new Uint8Array(512);

/** That the card lives, has all its buffers, and serves a host that behaves. */
function expectUnharmed(bench: HostBench): void {
  settle(bench.loop);
  expect(bench.port.posted).toHaveLength(HOST_RECEIVE_BUFFERS);
  expect(bench.connected(77).status).toBe(Status.SUCCESS);
  expect(bench.executes(77, { commandId: 1, opcode: Opcode.FLUSH }).status).toBe(Status.SUCCESS);
}

describe('a frame that is none', () => {
  it.each([
    ['cut off', Uint8Array.of(0x22, 0x7f, 1)],
    ['empty', new Uint8Array(0)],
    ['of an unknown body', Uint8Array.of(0x52, 0x00)],
    ['of an impossible tag', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ['of groups nested as deep as a frame allows', new Uint8Array(FRAME_BUFFER_BYTES).fill(0x43)],
  ])('(%s) ends its connection, and nothing else', (_name, frame) => {
    const bench = new HostBench();
    bench.connected(1);
    bench.connected(2);
    bench.port.hostSends(1, frame);
    settle(bench.loop);
    expect(bench.port.closedByCard).toEqual([1]);
    expect(bench.executes(2, { commandId: 1, opcode: Opcode.FLUSH }).status).toBe(Status.SUCCESS);
    expectUnharmed(bench);
  });

  it('whatever its bytes are, leaves the volume as it was', () => {
    const bench = new HostBench();
    let connection = 1000;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (frame) => {
        connection += 1;
        bench.connected(connection);
        bench.port.hostSends(connection, frame);
        settle(bench.loop);
        bench.port.hostCloses(connection);
        settle(bench.loop);
        expect(bench.port.posted).toHaveLength(HOST_RECEIVE_BUFFERS);
      }),
      { numRuns: 500 },
    );
    expect(bench.io.content.every((byte) => byte === 0)).toBe(true);
    expectUnharmed(bench);
  });

  it('made of a good one by changing bytes, never harms the card', () => {
    const good = toBinary(
      HostFrameSchema,
      create(HostFrameSchema, { body: { case: 'command', value: { queue: 1, commandId: 5, opcode: Opcode.WRITE, lba: 3n, blocks: 1 } }, payload: BLOCK }),
    );
    const bench = new HostBench();
    let connection = 1000;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(24), fc.nat(255)), { minLength: 1, maxLength: 4 }), fc.nat(good.length), (changes, lengthBytes) => {
        connection += 1;
        bench.connected(connection);
        const frame = good.slice(0, Math.max(lengthBytes, 1));
        for (const [at, value] of changes) frame[at % frame.length] = value;
        bench.port.hostSends(connection, frame);
        settle(bench.loop);
        bench.port.hostCloses(connection);
        settle(bench.loop);
        expect(bench.port.posted).toHaveLength(HOST_RECEIVE_BUFFERS);
      }),
      { numRuns: 500 },
    );
    expectUnharmed(bench);
  });
});

describe('what comes before Connect', () => {
  it('is told so, if it is a command, and the connection closed', () => {
    const bench = new HostBench();
    bench.opened(1);
    expect(bench.executes(1, { commandId: 8, opcode: Opcode.WRITE, blocks: 1 }, BLOCK)).toMatchObject({ queue: 1, commandId: 8, status: Status.NOT_CONNECTED });
    expect(bench.port.closedByCard).toEqual([1]);
    expect(bench.io.calls).toEqual([]);
    expectUnharmed(bench);
  });

  it('is told so, if it is a register access, and the connection closed', () => {
    const bench = new HostBench();
    bench.opened(1);
    bench.sends(1, { body: { case: 'propertyGet', value: { requestId: 3, offset: 0, lengthBytes: 4 } } });
    expect(bench.property(1)).toMatchObject({ requestId: 3, status: Status.NOT_CONNECTED });
    expect(bench.port.closedByCard).toEqual([1]);
  });

  it('is answered no more than a bounded number of times at once', () => {
    const bench = new HostBench();
    for (let connection = 0; connection < 3 * MAX_HOST_CONNECTIONS; connection += 1) {
      bench.opened(connection);
      bench.submits(connection, { commandId: 1, opcode: Opcode.FLUSH });
    }
    expect(bench.port.closedByCard).toHaveLength(2 * MAX_HOST_CONNECTIONS);
  });
});

describe('a command', () => {
  const refused: readonly [string, Status, Parameters<HostBench['executes']>[1], Uint8Array?][] = [
    ['of an unknown opcode', Status.UNKNOWN_COMMAND, { opcode: 99 as Opcode }],
    ['of no opcode', Status.UNKNOWN_COMMAND, {}],
    ['of administration on the I/O queue', Status.UNKNOWN_COMMAND, { opcode: Opcode.ADMIN }],
    ['of I/O on the admin queue', Status.UNKNOWN_COMMAND, { queue: 0, opcode: Opcode.WRITE, blocks: 1 }, BLOCK],
    ['of administration that asks nothing', Status.UNKNOWN_COMMAND, { queue: 0, opcode: Opcode.ADMIN, admin: {} as never }],
    ['of a queue that is not there', Status.UNKNOWN_QUEUE, { queue: 2, opcode: Opcode.FLUSH }],
    ['of a volume that is not there', Status.UNKNOWN_VOLUME, { opcode: Opcode.READ, volume: 1, blocks: 1 }],
    ['that flushes a volume that is not there', Status.UNKNOWN_VOLUME, { opcode: Opcode.FLUSH, volume: 1 }],
    ['of no blocks', Status.INVALID_FIELD, { opcode: Opcode.READ }],
    ['one block past the end', Status.OUT_OF_RANGE, { opcode: Opcode.READ, lba: BigInt(VOLUME_BLOCKS - 1), blocks: 2 }],
    ['right behind the end', Status.OUT_OF_RANGE, { opcode: Opcode.WRITE, lba: BigInt(VOLUME_BLOCKS), blocks: 1 }, BLOCK],
    ['at the largest LBA', Status.OUT_OF_RANGE, { opcode: Opcode.WRITE_ZEROES, lba: 2n ** 64n - 1n, blocks: 1 }],
    ['that reads more than a transfer', Status.TRANSFER_TOO_LARGE, { opcode: Opcode.READ, blocks: 513 }],
    ['that names more blocks than a number of bytes can', Status.TRANSFER_TOO_LARGE, { opcode: Opcode.WRITE, blocks: 2 ** 32 - 1 }, BLOCK],
    ['that zeroes too much', Status.TRANSFER_TOO_LARGE, { opcode: Opcode.DISCARD, blocks: (64 << 20) / 512 + 1 }],
    ['that writes less than it says', Status.PAYLOAD_MISMATCH, { opcode: Opcode.WRITE, blocks: 2 }, BLOCK],
    ['that writes nothing', Status.PAYLOAD_MISMATCH, { opcode: Opcode.WRITE, blocks: 1 }],
    ['that writes half a block', Status.MISALIGNED, { opcode: Opcode.WRITE, blocks: 1 }, new Uint8Array(256)],
    ['that reads with a payload', Status.PAYLOAD_MISMATCH, { opcode: Opcode.READ, blocks: 1 }, BLOCK],
    ['that zeroes with a payload', Status.PAYLOAD_MISMATCH, { opcode: Opcode.WRITE_ZEROES, blocks: 1 }, BLOCK],
    ['that flushes with a payload', Status.PAYLOAD_MISMATCH, { opcode: Opcode.FLUSH }, BLOCK],
  ];

  it.each(refused)('%s is refused and reaches no disk', (_name, status, command, payload) => {
    const bench = new HostBench();
    bench.connected(1);
    const completion = bench.executes(1, { commandId: 6, ...command }, payload);
    expect([Status[completion.status], completion.commandId]).toEqual([Status[status], 6]);
    expect(bench.io.calls).toEqual([]);
    expect(bench.port.closedByCard).toEqual([]);
    expectUnharmed(bench);
  });

  it('whose id is in flight is refused; the one in flight ends as usual', () => {
    const bench = new HostBench();
    bench.connected(1);
    bench.io.holding = true;
    bench.submits(1, { commandId: 1, opcode: Opcode.WRITE, blocks: 1 }, BLOCK);
    expect(bench.executes(1, { commandId: 1, opcode: Opcode.WRITE, blocks: 1 }, BLOCK).status).toBe(Status.COMMAND_ID_IN_USE);
    bench.io.letAllGo();
    settle(bench.loop);
    expect(bench.completion(1)).toMatchObject({ commandId: 1, status: Status.SUCCESS });
    expect(bench.io.calls).toHaveLength(1);
    expectUnharmed(bench);
  });

  it('beyond the depth of its queue is refused', () => {
    const bench = new HostBench();
    bench.connected(1, 2);
    bench.io.holding = true;
    bench.submits(1, { commandId: 1, opcode: Opcode.FLUSH });
    bench.submits(1, { commandId: 2, opcode: Opcode.FLUSH });
    expect(bench.executes(1, { commandId: 3, opcode: Opcode.FLUSH })).toMatchObject({ commandId: 3, status: Status.QUEUE_FULL });
    bench.io.letAllGo();
    settle(bench.loop);
    expect([bench.completion(1).commandId, bench.completion(1).commandId]).toEqual([1, 2]);
    expectUnharmed(bench);
  });
});

describe('a connection that ends', () => {
  it('with commands in flight leaves every buffer, and their writes done', () => {
    const bench = new HostBench();
    bench.connected(1, 32);
    bench.io.holding = true;
    for (let id = 0; id < 16; id += 1) bench.submits(1, { commandId: id, opcode: Opcode.WRITE, lba: BigInt(id), blocks: 1 }, new Uint8Array(512).fill(1));
    for (let id = 16; id < 32; id += 1) bench.submits(1, { commandId: id, opcode: Opcode.READ, blocks: 1 });
    expect(bench.port.posted).toHaveLength(HOST_RECEIVE_BUFFERS - 16);
    bench.port.hostCloses(1);
    settle(bench.loop);
    bench.io.letAllGo();
    settle(bench.loop);
    expect(bench.io.content.subarray(0, 16 * 512).every((byte) => byte === 1)).toBe(true);
    expectUnharmed(bench);
  });

  it('again and again with reads unread leaves every read buffer', () => {
    const bench = new HostBench();
    for (let connection = 1000; connection < 1050; connection += 1) {
      bench.connected(connection, 32);
      for (let id = 0; id < 32; id += 1) bench.submits(connection, { commandId: id, opcode: Opcode.READ, blocks: 1 });
      bench.port.hostCloses(connection);
      settle(bench.loop);
    }
    expectUnharmed(bench);
    for (let id = 0; id < 100; id += 1) expect(bench.executes(77, { commandId: id, opcode: Opcode.READ, blocks: 1 }).status).toBe(Status.SUCCESS);
  });

  it('only for a new Connect, on a serial line, leaves the read buffers of what was never sent', () => {
    const bench = new HostBench();
    bench.connected(1, 4);
    for (let round = 0; round < READ_BUFFERS; round += 1) {
      // Four are on their way, four wait for a slot of the completion queue.
      for (let id = 0; id < 8; id += 1) bench.submits(1, { commandId: id, opcode: Opcode.READ, blocks: 1 });
      bench.sends(1, { body: { case: 'connect', value: { version: 1, queueDepth: 4, nonce: round } } });
      for (let frame = 0; frame < 4; frame += 1) bench.completion(1);
      expect(bench.reads(1).body).toMatchObject({ case: 'connected', value: { nonce: round } });
    }
    bench.connected(2, READ_BUFFERS_PER_HOST);
    for (let id = 0; id < READ_BUFFERS_PER_HOST; id += 1) bench.submits(2, { commandId: id, opcode: Opcode.READ, blocks: 1 });
    expect(bench.port.underWay(2)).toBe(READ_BUFFERS_PER_HOST);
  });
});
