import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { MAILBOX_WINDOW_BYTES } from '../../../protos/registers/card-registers.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import {
  AdminRequestSchema,
  type AdminResponse,
  AdminResponseSchema,
  CardIdentitySchema,
  DirtyRunsSchema,
} from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { AdminHandlers, AdminResult } from '../../../firmware/commands/admin.js';
import { mailboxAdmin } from '../../../firmware/commands/mailbox-admin.js';
import { EventLoop } from '../../../firmware/kernel/event-loop.js';
import type { Task } from '../../../firmware/kernel/pending.js';
import { adminStub } from '../host-port/host-bench.js';
import { BenchClock, settle } from '../support/tasks.js';

/** Puts bytes into the mailbox; what comes back, and that it comes once. */
function asked(handlers: AdminHandlers, request: Uint8Array): { readonly bytes: Uint8Array; readonly response: AdminResponse } {
  const loop = new EventLoop(new BenchClock(), () => undefined);
  const responses: Uint8Array[] = [];
  mailboxAdmin(loop, handlers)(request, (response) => { responses.push(response); });
  settle(loop);
  const [bytes, more] = responses;
  if (bytes === undefined || more !== undefined) throw new Error(`${String(responses.length)} responses`);
  return { bytes, response: fromBinary(AdminResponseSchema, bytes) };
}

const IDENTIFY = toBinary(AdminRequestSchema, create(AdminRequestSchema, { request: { case: 'identify', value: {} } }));

describe('a request in the mailbox', () => {
  it('is carried out as on the admin queue', () => {
    const handlers = adminStub({
      *identify(): Task<AdminResult> {
        return { case: 'identity', value: create(CardIdentitySchema, { model: 'a test' }) };
      },
    });
    const { response } = asked(handlers, IDENTIFY);
    expect(response.status).toBe(Status.SUCCESS);
    expect(response.result.value).toMatchObject({ model: 'a test' });
  });

  it.each([Uint8Array.of(0x0a, 0x7f), new Uint8Array(MAILBOX_WINDOW_BYTES).fill(0x43), new Uint8Array(4).fill(0xff)])('that is garbage is answered so', (garbage) => {
    expect(asked(adminStub(), garbage).response.status).toBe(Status.INVALID_FRAME);
  });

  it('whose answer is larger than the window is told where to ask instead', () => {
    const handlers = adminStub({
      *identify(): Task<AdminResult> {
        return { case: 'identity', value: create(CardIdentitySchema, { model: 'm'.repeat(MAILBOX_WINDOW_BYTES) }) };
      },
    });
    expect(asked(handlers, IDENTIFY).response).toMatchObject({ status: Status.TRANSFER_TOO_LARGE, detail: expect.stringContaining('admin queue') as string });
  });

  it('for dirty runs gets as many as the window holds, however large their numbers', () => {
    const handlers = adminStub({
      *getDirtyRuns({ maxRuns }): Task<AdminResult> {
        const run = { firstGrain: 2n ** 64n - 1n, grains: 2n ** 64n - 1n };
        return { case: 'dirtyRuns', value: create(DirtyRunsSchema, { runs: Array.from({ length: maxRuns }, () => run), nextGrain: 2n ** 64n - 1n }) };
      },
    });
    const request = create(AdminRequestSchema, { request: { case: 'getDirtyRuns', value: { maxRuns: 1_000_000 } } });
    const { bytes, response } = asked(handlers, toBinary(AdminRequestSchema, request));
    expect(response.status).toBe(Status.SUCCESS);
    expect(bytes.length).toBeGreaterThan(MAILBOX_WINDOW_BYTES * 0.9);
  });
});
