import { describe, expect, it } from 'vitest';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { Opcode } from '../../../protos/gen/grainlink/host/v1/host_pb.js';
import { NO_RESULT } from '../../../firmware/commands/admin.js';
import { CommandError } from '../../../firmware/errors.js';
import { FirmwareFault } from '../../../firmware/kernel/event-loop.js';
import { PartError, type Task } from '../../../firmware/kernel/pending.js';
import { HOST_RECEIVE_BUFFERS, MAX_HOST_CONNECTIONS, MAX_IO_QUEUE_DEPTH, READ_BUFFERS, SPARE_HOST_CONNECTIONS } from '../../../firmware/limits.js';
import { adminStub, HostBench, VOLUME_BLOCKS } from './host-bench.js';
import { launch, settle } from '../support/tasks.js';

function pattern(lengthBytes: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length: lengthBytes }, (_, i) => (i * 31 + seed) & 0xff);
}

describe('Connect', () => {
  it('is answered with what the card grants, and the nonce', () => {
    const connected = new HostBench().connected(5, 32);
    expect(connected).toMatchObject({
      status: Status.SUCCESS,
      version: 1,
      nonce: 99,
      queueDepth: 32,
      adminQueueDepth: 8,
      maxTransferBytes: 256 * 1024,
      blockBytes: 512,
      volumeBlocks: BigInt(VOLUME_BLOCKS),
      maxZeroBlocks: (64 << 20) / 512,
      queueSlot: 0,
    });
  });

  it.each([[0, 64], [1, 1], [MAX_IO_QUEUE_DEPTH + 1, MAX_IO_QUEUE_DEPTH]])('for a queue of %i grants %i', (wished, grantedDepth) => {
    expect(new HostBench().connected(1, wished).queueDepth).toBe(grantedDepth);
  });

  it('grants short transfers on a slow line, of whole blocks, and holds hosts to it', () => {
    const bench = new HostBench();
    bench.port.payloadLimitBytes = 4 * 1024 + 100;
    expect(bench.connected(1).maxTransferBytes).toBe(4096);
    expect(bench.executes(1, { commandId: 1, opcode: Opcode.READ, blocks: 9 }).status).toBe(Status.TRANSFER_TOO_LARGE);
    expect(bench.executes(1, { commandId: 1, opcode: Opcode.READ, blocks: 8 }).status).toBe(Status.SUCCESS);
  });

  it('of another version is refused, and the connection closed', () => {
    const bench = new HostBench();
    bench.opened(1);
    const connected = bench.connects(1, { version: 2, queueDepth: 4, nonce: 7 });
    expect(connected).toMatchObject({ status: Status.UNSUPPORTED_VERSION, version: 1, nonce: 7 });
    expect(bench.port.closedByCard).toEqual([1]);
  });

  it('of one host too many is refused, until another one leaves', () => {
    const bench = new HostBench();
    const slots: number[] = [];
    for (let i = 0; i < MAX_HOST_CONNECTIONS; i += 1) slots.push(bench.connected(i).queueSlot);
    expect(slots).toEqual(Array.from({ length: MAX_HOST_CONNECTIONS }, (_, i) => 2 * i));
    expect(bench.connected(100).status).toBe(Status.TOO_MANY_CONNECTIONS);
    expect(bench.port.closedByCard).toEqual([100]);
    bench.port.hostCloses(3);
    settle(bench.loop);
    expect(bench.connected(101)).toMatchObject({ status: Status.SUCCESS, queueSlot: 6 });
  });

  it('reaches the card though connections that never say it hold every place', () => {
    const bench = new HostBench();
    const silent = MAX_HOST_CONNECTIONS + SPARE_HOST_CONNECTIONS;
    for (let i = 0; i < silent; i += 1) bench.opened(i);
    expect(bench.port.closedByCard).toEqual([0]);
    expect(bench.connected(100).status).toBe(Status.SUCCESS);
  });

  it('anew on a serial line opens new queue pairs, and drops what the old ones had in flight', () => {
    const bench = new HostBench();
    bench.connected(1);
    bench.io.holding = true;
    bench.submits(1, { commandId: 1, opcode: Opcode.WRITE, blocks: 1 }, pattern(512));
    bench.submits(1, { commandId: 2, opcode: Opcode.READ, blocks: 1 });
    expect(bench.connects(1, { version: 1, queueDepth: 4, nonce: 100 })).toMatchObject({ nonce: 100, queueSlot: 0 });
    bench.io.letAllGo();
    settle(bench.loop);
    expect(bench.port.underWay(1)).toBe(0);
    expect(bench.port.posted).toHaveLength(HOST_RECEIVE_BUFFERS);
    // The same id is free in the new pair, whose phase begins anew.
    expect(bench.executes(1, { commandId: 1, opcode: Opcode.FLUSH })).toMatchObject({ status: Status.SUCCESS, sqHead: 1, phase: true });
  });
});

describe('an I/O command', () => {
  it('writes what a later one reads', () => {
    const bench = new HostBench();
    bench.connected(1);
    const data = pattern(1024);
    expect(bench.executes(1, { commandId: 1, opcode: Opcode.WRITE, lba: 10n, blocks: 2 }, data)).toMatchObject({ queue: 1, commandId: 1, status: Status.SUCCESS });
    expect(bench.executes(1, { commandId: 2, opcode: Opcode.READ, lba: 10n, blocks: 2 }).data).toEqual(data);
  });

  it('is handed on with its range in bytes and its FUA bit', () => {
    const bench = new HostBench();
    bench.connected(1);
    bench.executes(1, { commandId: 1, opcode: Opcode.WRITE, lba: 1n, blocks: 1, fua: true }, pattern(512));
    bench.executes(1, { commandId: 1, opcode: Opcode.WRITE_ZEROES, lba: 2n, blocks: 8 });
    bench.executes(1, { commandId: 1, opcode: Opcode.DISCARD, lba: 3n, blocks: 1, fua: true });
    bench.executes(1, { commandId: 1, opcode: Opcode.FLUSH });
    bench.executes(1, { commandId: 1, opcode: Opcode.READ, lba: BigInt(VOLUME_BLOCKS - 1), blocks: 1 });
    expect(bench.io.calls).toEqual(['write 512 512 fua', 'zero 1024 4096', 'zero 1536 512 fua', 'flush', 'read 1048064 512']);
  });

  it('of one queue starts in the order of submission, and ends in whichever it does', () => {
    const bench = new HostBench();
    bench.connected(1);
    bench.io.holding = true;
    for (let id = 1; id <= 3; id += 1) bench.submits(1, { commandId: id, opcode: Opcode.WRITE, lba: BigInt(id), blocks: 1 }, pattern(512));
    expect(bench.io.calls).toEqual(['write 512 512', 'write 1024 512', 'write 1536 512']);
    bench.io.letGo(2);
    bench.io.letGo(0);
    settle(bench.loop);
    expect([bench.completion(1).commandId, bench.completion(1).commandId]).toEqual([3, 1]);
  });

  it('keeps its payload untouched until it is done, whatever comes in meanwhile (rule 10)', () => {
    const bench = new HostBench();
    bench.connected(1, 16);
    bench.io.holding = true;
    const data = pattern(512, 9);
    bench.submits(1, { commandId: 0, opcode: Opcode.WRITE, lba: 0n, blocks: 1 }, data);
    bench.io.holding = false;
    for (let i = 0; i < 3 * HOST_RECEIVE_BUFFERS; i += 1) {
      bench.executes(1, { commandId: 1, opcode: Opcode.WRITE, lba: 5n, blocks: 1 }, pattern(512, i));
    }
    bench.io.letAllGo();
    settle(bench.loop);
    expect(bench.io.content.subarray(0, 512)).toEqual(data);
  });

  it('that a part fails answers DISK_ERROR with what the part said, and is told to the error log', () => {
    const bench = new HostBench();
    bench.connected(1);
    bench.io.failure = new PartError({ part: 'disk', kind: 'io', text: 'sector 7 is unreadable' });
    expect(bench.executes(1, { commandId: 1, opcode: Opcode.READ, blocks: 1 })).toMatchObject({ status: Status.DISK_ERROR, detail: 'sector 7 is unreadable' });
    expect(bench.partFailures).toEqual(['DISK_ERROR: sector 7 is unreadable']);
  });

  it('that a part fails keeps no read buffer', () => {
    const bench = new HostBench();
    bench.connected(1);
    bench.io.failure = new PartError({ part: 'disk', kind: 'io', text: 'sector 7 is unreadable' });
    for (let i = 0; i < READ_BUFFERS; i += 1) bench.executes(1, { commandId: 1, opcode: Opcode.READ, blocks: 1 });
    bench.io.failure = undefined;
    expect(bench.executes(1, { commandId: 1, opcode: Opcode.READ, blocks: 1 }).status).toBe(Status.SUCCESS);
  });

  it('that the role forbids answers why, and is no fault of a part', () => {
    const bench = new HostBench();
    bench.connected(1);
    bench.io.failure = new CommandError(Status.WRITE_TO_SECONDARY, 'no access');
    expect(bench.executes(1, { commandId: 1, opcode: Opcode.WRITE, blocks: 1 }, pattern(512))).toMatchObject({ status: Status.WRITE_TO_SECONDARY, detail: 'no access' });
    expect(bench.partFailures).toEqual([]);
  });

  it('that breaks a rule of the firmware halts the card', () => {
    const bench = new HostBench();
    bench.connected(1);
    bench.io.failure = new Error('an invariant is broken');
    expect(() => { bench.submits(1, { commandId: 1, opcode: Opcode.FLUSH }); }).toThrow(FirmwareFault);
  });

  it('is counted, and its completion raises the interrupt', () => {
    const bench = new HostBench();
    bench.connected(1);
    bench.executes(1, { commandId: 1, opcode: Opcode.FLUSH });
    bench.executes(1, { commandId: 1, opcode: Opcode.READ, blocks: 0 });
    expect([bench.hostPort.commandsCompleted, bench.completionsPosted]).toEqual([2, 2]);
  });
});

describe('an administration command', () => {
  it('answers its result on the admin queue', () => {
    const admin = adminStub({
      *getDirtyRuns({ firstGrain }): Task<{ case: 'dirtyRuns'; value: never }> {
        return { case: 'dirtyRuns', value: { runs: [], nextGrain: firstGrain + 5n } as never };
      },
    });
    const bench = new HostBench(admin);
    bench.connected(1);
    bench.administers(1, 3, { case: 'getDirtyRuns', value: { firstGrain: 2n } as never });
    const completion = bench.completion(1);
    expect(completion).toMatchObject({ queue: 0, commandId: 3, status: Status.SUCCESS });
    expect(completion.admin?.result.value).toMatchObject({ nextGrain: 7n });
  });

  it('that fails says why, in the completion as in the response', () => {
    const admin = adminStub({
      *establish(): Task<typeof NO_RESULT> { throw new CommandError(Status.ALREADY_ESTABLISHED, 'since yesterday'); },
    });
    const bench = new HostBench(admin);
    bench.connected(1);
    bench.administers(1, 3, { case: 'establish', value: {} as never });
    const told = { status: Status.ALREADY_ESTABLISHED, detail: 'since yesterday' };
    expect(bench.completion(1)).toMatchObject({ ...told, admin: told });
  });

  it('is not held up by I/O commands', () => {
    const bench = new HostBench();
    bench.connected(1, 1);
    bench.io.holding = true;
    bench.submits(1, { commandId: 1, opcode: Opcode.FLUSH });
    bench.administers(1, 1, { case: 'getStatus', value: {} as never });
    expect(bench.completion(1)).toMatchObject({ queue: 0, status: Status.SUCCESS });
  });
});

describe('a register access', () => {
  it('reads and writes the register space', () => {
    const bench = new HostBench();
    bench.connected(1);
    bench.sends(1, { body: { case: 'propertyGet', value: { requestId: 4, offset: 8, lengthBytes: 4 } } });
    expect(bench.property(1)).toMatchObject({ requestId: 4, status: Status.SUCCESS, value: Uint8Array.of(8, 8, 8, 8) });
    bench.sends(1, { body: { case: 'propertySet', value: { requestId: 5, offset: 8, value: Uint8Array.of(1, 2, 3, 4) } } });
    expect(bench.property(1)).toMatchObject({ requestId: 5, status: Status.SUCCESS });
  });

  it('that is refused says why', () => {
    const bench = new HostBench();
    bench.connected(1);
    bench.sends(1, { body: { case: 'propertyGet', value: { requestId: 4, offset: 0x666, lengthBytes: 4 } } });
    expect(bench.property(1)).toMatchObject({ requestId: 4, status: Status.UNKNOWN_REGISTER, detail: 'no such register' });
    bench.sends(1, { body: { case: 'propertySet', value: { requestId: 5, offset: 0, value: new Uint8Array(4) } } });
    expect(bench.property(1)).toMatchObject({ requestId: 5, status: Status.REGISTER_NOT_WRITABLE });
  });
});

describe('the doorbells', () => {
  it('show where the queues of a connection stand', () => {
    const bench = new HostBench();
    bench.connected(1);
    const { queueSlot } = bench.connected(2, 4);
    const ioSlot = queueSlot + 1;
    for (let id = 0; id < 5; id += 1) bench.executes(2, { commandId: id, opcode: Opcode.FLUSH });
    bench.submits(2, { commandId: 5, opcode: Opcode.FLUSH });
    const { doorbells } = bench.hostPort;
    expect([doorbells.submissionTail(ioSlot), doorbells.completionHead(ioSlot)]).toEqual([2, 1]);
    expect([doorbells.submissionTail(queueSlot), doorbells.completionHead(queueSlot)]).toEqual([0, 0]);
  });

  it('refuse values that no frame brought, without effect', () => {
    const bench = new HostBench();
    bench.connected(1, 4);
    const { doorbells } = bench.hostPort;
    expect(() => { doorbells.ringSubmissionTail(1, 0); }).not.toThrow();
    expect(() => { doorbells.ringSubmissionTail(1, 3); }).toThrow('INVALID_FIELD');
    expect(() => { doorbells.ringCompletionHead(1, 4000); }).toThrow('INVALID_FIELD');
    expect(() => { doorbells.ringSubmissionTail(31, 0); }).toThrow('UNKNOWN_QUEUE');
    expect(bench.executes(1, { commandId: 1, opcode: Opcode.FLUSH }).status).toBe(Status.SUCCESS);
  });
});

describe('the way to a stop', () => {
  it('refuses what is new, and lets what is in flight end', () => {
    const bench = new HostBench();
    bench.connected(1);
    bench.io.holding = true;
    bench.submits(1, { commandId: 1, opcode: Opcode.WRITE, blocks: 1 }, pattern(512));
    bench.hostPort.stopAccepting();
    const drain = launch(bench.loop, bench.hostPort.drain());
    expect(bench.executes(1, { commandId: 2, opcode: Opcode.FLUSH })).toMatchObject({ commandId: 2, status: Status.BUSY });
    expect(bench.connected(2).status).toBe(Status.BUSY);
    expect(drain.ended).toBe(false);
    bench.io.letAllGo();
    settle(bench.loop);
    expect(drain.ended).toBe(true);
    expect(bench.completion(1)).toMatchObject({ commandId: 1, status: Status.SUCCESS });
  });

  it('of the I/O queues alone, by CONTROL.ENABLE, leaves administration', () => {
    const bench = new HostBench();
    bench.connected(1);
    bench.enabled = false;
    expect(bench.executes(1, { commandId: 1, opcode: Opcode.READ, blocks: 1 }).status).toBe(Status.BUSY);
    bench.administers(1, 1, { case: 'getStatus', value: {} as never });
    expect(bench.completion(1).status).toBe(Status.SUCCESS);
  });
});
