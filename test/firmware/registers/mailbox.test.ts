import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it } from 'vitest';
import { CommandError } from '../../../firmware/errors.js';
import { Mailbox, type MailboxHandler } from '../../../firmware/registers/mailbox.js';
import { RegisterFile } from '../../../firmware/registers/register-file.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { AdminRequestSchema, AdminResponseSchema } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { cardRegisters, cardWindows, MAILBOX_WINDOW_BYTES, MailboxState } from '../../../protos/registers/card-registers.js';
import { unpackField } from '../../../protos/registers/fields.js';

const WINDOW = cardWindows.MAILBOX_WINDOW.offset;
const { MAILBOX_COMMAND, MAILBOX_DOORBELL, MAILBOX_STATUS, MAILBOX_RESPONSE } = cardRegisters;

let lines: string[];
let finished: number;
let requests: Uint8Array[];
let respond: (response: Uint8Array) => void;
let file: RegisterFile<typeof cardRegisters>;

function makeCard(handler: MailboxHandler): void {
  const mailbox = new Mailbox(new Uint8Array(MAILBOX_WINDOW_BYTES).fill(0xee), handler, () => { finished += 1; });
  file = new RegisterFile(cardRegisters, [mailbox.behaviours], [mailbox.window], (line) => lines.push(line));
}

beforeEach(() => {
  lines = [];
  finished = 0;
  requests = [];
  makeCard((request, answer) => {
    requests.push(request);
    respond = answer;
  });
});

function writeWord(offset: number, value: number): Status {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return writeBytes(offset, bytes);
}

function writeBytes(offset: number, bytes: Uint8Array): Status {
  try {
    file.write(offset, bytes);
  } catch (error) {
    if (error instanceof CommandError) return error.status;
    throw error;
  }
  return Status.SUCCESS;
}

function readWord(offset: number): number {
  return new DataView(file.read(offset, 4).buffer).getUint32(0, true);
}

/** The sequence of accesses of the programmer's guide, as far as the bell. */
function ring(request: Uint8Array): Status {
  const wholeWords = new Uint8Array(Math.ceil(request.length / 4) * 4);
  wholeWords.set(request);
  expect(writeBytes(WINDOW, wholeWords)).toBe(Status.SUCCESS);
  expect(writeWord(MAILBOX_COMMAND.offset, request.length)).toBe(Status.SUCCESS);
  return writeWord(MAILBOX_DOORBELL.offset, 1);
}

function state(): { state: number; code: number } {
  const value = readWord(MAILBOX_STATUS.offset);
  return {
    state: Number(unpackField(MAILBOX_STATUS.fields.STATE, value)),
    code: Number(unpackField(MAILBOX_STATUS.fields.CODE, value)),
  };
}

describe('the mailbox', () => {
  it('is idle when power comes', () => {
    expect(state()).toEqual({ state: MailboxState.IDLE, code: 0 });
    expect(readWord(MAILBOX_DOORBELL.offset)).toBe(0);
  });

  it('carries a request to the card and its response back, by register accesses alone', () => {
    const request = toBinary(AdminRequestSchema, create(AdminRequestSchema, { request: { case: 'flashCopyStart', value: {} } }));
    expect(ring(request)).toBe(Status.SUCCESS);
    expect(state().state).toBe(MailboxState.BUSY);
    expect(readWord(MAILBOX_DOORBELL.offset)).toBe(1);
    expect(requests).toEqual([request]);
    expect(finished).toBe(0);

    respond(toBinary(AdminResponseSchema, create(AdminResponseSchema, { status: Status.NOT_PRIMARY, detail: 'standalone' })));
    expect(state()).toEqual({ state: MailboxState.DONE, code: 0 });
    expect(readWord(MAILBOX_DOORBELL.offset)).toBe(0);
    expect(finished).toBe(1);

    const lengthBytes = readWord(MAILBOX_RESPONSE.offset);
    const response = fromBinary(AdminResponseSchema, file.read(WINDOW, MAILBOX_WINDOW_BYTES).subarray(0, lengthBytes));
    expect(response).toMatchObject({ status: Status.NOT_PRIMARY, detail: 'standalone' });
    expect(lines).toEqual([]);
  });

  it('takes an answer given at once', () => {
    makeCard((_request, answer) => { answer(Uint8Array.of(7)); });
    expect(ring(Uint8Array.of(1))).toBe(Status.SUCCESS);
    expect(state().state).toBe(MailboxState.DONE);
    expect(file.read(WINDOW, 4)[0]).toBe(7);
  });

  it('starts nothing when zero is written to its doorbell', () => {
    writeWord(MAILBOX_COMMAND.offset, 4);
    expect(writeWord(MAILBOX_DOORBELL.offset, 0)).toBe(Status.SUCCESS);
    expect(requests).toEqual([]);
  });

  it('while busy logs and refuses a second bell, another length and another request', () => {
    ring(Uint8Array.of(1, 2, 3));
    expect(writeWord(MAILBOX_DOORBELL.offset, 1)).toBe(Status.BUSY);
    expect(writeWord(MAILBOX_COMMAND.offset, 2)).toBe(Status.BUSY);
    expect(writeWord(WINDOW, 0xffff_ffff)).toBe(Status.BUSY);
    expect(lines).toHaveLength(3);
    expect(requests).toEqual([Uint8Array.of(1, 2, 3)]);
    expect(readWord(MAILBOX_COMMAND.offset)).toBe(3);

    respond(Uint8Array.of(9));
    expect(state().state).toBe(MailboxState.DONE);
    expect(ring(Uint8Array.of(4))).toBe(Status.SUCCESS);
    expect(requests).toHaveLength(2);
  });

  it('keeps the request from the response that overwrites the window', () => {
    ring(Uint8Array.of(1, 2, 3));
    respond(new Uint8Array(MAILBOX_WINDOW_BYTES).fill(0xee));
    expect(requests).toEqual([Uint8Array.of(1, 2, 3)]);
    expect(readWord(MAILBOX_RESPONSE.offset)).toBe(MAILBOX_WINDOW_BYTES);
  });

  it('shows nothing of a longer response before', () => {
    ring(Uint8Array.of(1));
    respond(new Uint8Array(100).fill(0xee));
    ring(Uint8Array.of(1));
    respond(Uint8Array.of(5));
    expect([...file.read(WINDOW, 8)]).toEqual([5, 0, 0, 0, 0, 0, 0, 0]);
  });

  it.each([0, MAILBOX_WINDOW_BYTES + 1, 0x1fff])('refuses a request of %i bytes, shows the error, and works on', (lengthBytes) => {
    writeWord(MAILBOX_COMMAND.offset, lengthBytes);
    expect(writeWord(MAILBOX_DOORBELL.offset, 1)).toBe(Status.INVALID_FIELD);
    expect(state()).toEqual({ state: MailboxState.ERROR, code: Status.INVALID_FIELD });
    expect(readWord(MAILBOX_RESPONSE.offset)).toBe(0);
    expect(finished).toBe(1);
    expect(requests).toEqual([]);
    expect(lines).toHaveLength(1);

    expect(ring(Uint8Array.of(1))).toBe(Status.SUCCESS);
    expect(state()).toEqual({ state: MailboxState.BUSY, code: 0 });
  });

  it('shows an error, and no response, when the response does not fit into the window', () => {
    ring(Uint8Array.of(1));
    respond(new Uint8Array(MAILBOX_WINDOW_BYTES + 1));
    expect(state()).toEqual({ state: MailboxState.ERROR, code: Status.TRANSFER_TOO_LARGE });
    expect(readWord(MAILBOX_RESPONSE.offset)).toBe(0);
  });

  it('stops a handler that answers twice', () => {
    ring(Uint8Array.of(1));
    respond(Uint8Array.of(1));
    expect(() => { respond(Uint8Array.of(2)); }).toThrow(/answered twice/);
  });
});
