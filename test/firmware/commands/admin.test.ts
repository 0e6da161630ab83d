import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { AdminRequestSchema } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { administer, type AdminResult, NO_RESULT } from '../../../firmware/commands/admin.js';
import { CommandError } from '../../../firmware/errors.js';
import { EventLoop } from '../../../firmware/kernel/event-loop.js';
import { PartError, type Task } from '../../../firmware/kernel/pending.js';
import { adminStub } from '../host-port/host-bench.js';
import { BenchClock, run } from '../support/tasks.js';

function newLoop(): EventLoop {
  return new EventLoop(new BenchClock(), () => undefined);
}

const STOP = create(AdminRequestSchema, { request: { case: 'stop', value: { access: true } } });

function* throwing(error: Error): Task<AdminResult> {
  throw error;
}

describe('an administration request', () => {
  it('goes to its own handler, with what it says', () => {
    const asked: boolean[] = [];
    const handlers = adminStub({
      *stop({ access }): Task<AdminResult> {
        asked.push(access);
        return NO_RESULT;
      },
    });
    expect(run(newLoop(), administer(handlers, STOP))).toMatchObject({ status: Status.SUCCESS, detail: '' });
    expect(asked).toEqual([true]);
  });

  it('that asks nothing, or something newer than the card, is an unknown command', () => {
    expect(run(newLoop(), administer(adminStub(), create(AdminRequestSchema))).status).toBe(Status.UNKNOWN_COMMAND);
  });

  it('that is refused says why', () => {
    const handlers = adminStub({ stop: () => throwing(new CommandError(Status.ALREADY_STOPPED, 'by an operator')) });
    expect(run(newLoop(), administer(handlers, STOP))).toMatchObject({ status: Status.ALREADY_STOPPED, detail: 'by an operator' });
  });

  it('that is refused before its task begins says why as well', () => {
    const handlers = adminStub({ stop: () => { throw new CommandError(Status.NOT_PRIMARY); } });
    expect(run(newLoop(), administer(handlers, STOP)).status).toBe(Status.NOT_PRIMARY);
  });

  it('under which a part fails is answered with what the part said', () => {
    const handlers = adminStub({ stop: () => throwing(new PartError({ part: 'nvram', kind: 'io', text: 'the battery is empty' })) });
    expect(run(newLoop(), administer(handlers, STOP))).toMatchObject({ status: Status.NVRAM_ERROR, detail: 'the battery is empty' });
  });

  it('that breaks a rule of the firmware is not covered up', () => {
    const handlers = adminStub({ stop: () => throwing(new Error('an invariant is broken')) });
    expect(() => run(newLoop(), administer(handlers, STOP))).toThrow('an invariant is broken');
  });
});
