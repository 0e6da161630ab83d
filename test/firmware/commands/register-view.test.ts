import { describe, expect, it } from 'vitest';
import { cardRegisters, cardWindows, MailboxState } from '../../../protos/registers/card-registers.js';
import { unpackField } from '../../../protos/registers/fields.js';
import { type Register, registerOffset } from '../../../protos/registers/register-map.js';
import { Role, Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { DiskState, FlashCopyState, LinkState, RelationshipState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { type RegisterSource, RegisterView } from '../../../firmware/commands/register-view.js';
import { CommandError } from '../../../firmware/errors.js';
import type { MailboxHandler } from '../../../firmware/registers/mailbox.js';

/** A card that a test may change. */
function newSource() {
  return {
    ready: true,
    faulty: false,
    role: Role.PRIMARY,
    diskState: DiskState.UP_TO_DATE,
    secondaryAccess: false,
    linkState: LinkState.ONLINE,
    relationshipState: RelationshipState.INCONSISTENT_COPYING,
    generation: 0x1234_5678_9abc_def0n,
    grainBytes: 65536,
    grainsTotal: 3,
    grainsOutOfSync: 1,
    grainsInIntent: 2,
    flashCopyState: FlashCopyState.COPYING,
    hasPeerPort: true,
    doorbells: {
      submissionTail: (slot: number) => 100 + slot,
      completionHead: (slot: number) => 200 + slot,
      ringSubmissionTail: () => { throw new CommandError(Status.INVALID_FIELD, 'no such tail'); },
      ringCompletionHead: () => undefined,
    },
  } satisfies RegisterSource;
}

function read(view: RegisterView, register: Register, index = 0): bigint {
  const bytes = view.read(registerOffset(register, index), register.widthBytes);
  const words = new DataView(bytes.buffer);
  return register.widthBytes === 8 ? words.getBigUint64(0, true) : BigInt(words.getUint32(0, true));
}

function write(view: RegisterView, register: Register, value: number, index = 0): void {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  view.write(registerOffset(register, index), bytes);
}

function newView(source: RegisterSource = newSource(), mailbox: MailboxHandler = () => undefined): RegisterView {
  return new RegisterView({ take: (lengthBytes) => new Uint8Array(lengthBytes) }, source, mailbox, () => undefined);
}

describe('the registers', () => {
  it.each([
    ['LINK_STATE', BigInt(LinkState.ONLINE)],
    ['DIRTY_COUNT', 1n],
    ['INTENT_COUNT', 2n],
    ['RELATIONSHIP_STATE', BigInt(RelationshipState.INCONSISTENT_COPYING)],
    ['GENERATION', 0x1234_5678_9abc_def0n],
    ['GRAINS_TOTAL', 3n],
    ['GRAIN_BYTES', 65536n],
    ['FLASH_COPY_STATE', BigInt(FlashCopyState.COPYING)],
    ['SYNC_PROGRESS', 6666n],
  ] as const)('show %s as the card has it', (name, value) => {
    expect(read(newView(), cardRegisters[name])).toBe(value);
  });

  it('show the card as it is now, not as it was', () => {
    const source = newSource();
    const view = newView(source);
    source.grainsOutOfSync = 0;
    expect([read(view, cardRegisters.DIRTY_COUNT), read(view, cardRegisters.SYNC_PROGRESS)]).toEqual([0n, 10_000n]);
  });

  it('say at a glance what the card is', () => {
    const source = { ...newSource(), faulty: true, secondaryAccess: true };
    const status = read(newView(source), cardRegisters.STATUS);
    const { fields } = cardRegisters.STATUS;
    const shown = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, Number(unpackField(field, status))]));
    expect(shown).toEqual({ READY: 1, STARTING: 0, FAULT: 1, INTERRUPT: 0, ROLE: Role.PRIMARY, DISK_STATE: DiskState.UP_TO_DATE, ACCESS: 1 });
  });

  it('say what the card can do', () => {
    const capabilities = read(newView(), cardRegisters.CAPABILITIES);
    const { fields } = cardRegisters.CAPABILITIES;
    expect([fields.MAX_QUEUE_DEPTH, fields.BLOCK_BYTES_LOG2, fields.MAX_TRANSFER_LOG2, fields.PEER_PORT].map((field) => unpackField(field, capabilities))).toEqual([256n, 9n, 18n, 1n]);
  });

  it('show the doorbells, and refuse what the card refuses', () => {
    const view = newView();
    expect([read(view, cardRegisters.SQ_TAIL_DOORBELL, 3), read(view, cardRegisters.CQ_HEAD_DOORBELL, 31)]).toEqual([103n, 231n]);
    expect(() => { write(view, cardRegisters.SQ_TAIL_DOORBELL, 7, 3); }).toThrow('no such tail');
    expect(() => { write(view, cardRegisters.CQ_HEAD_DOORBELL, 7, 3); }).not.toThrow();
  });

  it('switch the I/O queues off and on', () => {
    const view = newView();
    expect(view.enabled).toBe(true);
    write(view, cardRegisters.CONTROL, 0);
    expect(view.enabled).toBe(false);
  });
});

describe('an interrupt', () => {
  it('is recorded until a host clears it, and shows in STATUS unless it is masked', () => {
    const view = newView();
    const interrupt = (): bigint => unpackField(cardRegisters.STATUS.fields.INTERRUPT, read(view, cardRegisters.STATUS));
    view.raise('LINK');
    view.raise('JOB');
    expect([read(view, cardRegisters.INT_STATUS), interrupt()]).toEqual([0b1_0100n, 1n]);
    write(view, cardRegisters.INT_MASK, 0b1_0100);
    expect([read(view, cardRegisters.INT_STATUS), interrupt()]).toEqual([0b1_0100n, 0n]);
    write(view, cardRegisters.INT_MASK, 0);
    write(view, cardRegisters.INT_STATUS, 0b0_0100);
    expect([read(view, cardRegisters.INT_STATUS), interrupt()]).toEqual([0b1_0000n, 1n]);
  });

  it('tells of a logged error, with its code and how many there were since the last look', () => {
    const view = newView();
    view.errorLogged(Status.DISK_ERROR);
    view.errorLogged(Status.NVRAM_ERROR);
    expect(read(view, cardRegisters.INT_STATUS)).toBe(1n << BigInt(cardRegisters.INT_STATUS.fields.ERROR.lsb));
    expect(read(view, cardRegisters.ERROR_LAST)).toBe(BigInt(Status.NVRAM_ERROR));
    expect([read(view, cardRegisters.ERROR_COUNT), read(view, cardRegisters.ERROR_COUNT)]).toEqual([2n, 0n]);
  });

  it('tells that the mailbox finished', () => {
    const view = newView(newSource(), (request, respond) => { respond(request.map((byte) => byte + 1)); });
    view.write(cardWindows.MAILBOX_WINDOW.offset, Uint8Array.of(1, 2, 3, 4));
    write(view, cardRegisters.MAILBOX_COMMAND, 3);
    write(view, cardRegisters.MAILBOX_DOORBELL, 1);
    expect(read(view, cardRegisters.INT_STATUS)).toBe(1n << BigInt(cardRegisters.INT_STATUS.fields.MAILBOX.lsb));
    expect(unpackField(cardRegisters.MAILBOX_STATUS.fields.STATE, read(view, cardRegisters.MAILBOX_STATUS))).toBe(BigInt(MailboxState.DONE));
    expect(view.read(cardWindows.MAILBOX_WINDOW.offset, 4)).toEqual(Uint8Array.of(2, 3, 4, 0));
  });
});
