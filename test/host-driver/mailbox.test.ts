import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { noAnomalies } from '../../host-driver/anomalies.js';
import { Mailbox } from '../../host-driver/mailbox.js';
import { paceOf } from '../../host-driver/pace.js';
import { PropertyPort } from '../../host-driver/property-port.js';
import { RegisterWindow } from '../../host-driver/register-window.js';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { AdminRequestSchema, AdminResponseSchema } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { PropertyValueSchema } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import { cardRegisters, cardWindows, MailboxState } from '../../protos/registers/card-registers.js';
import { packFields } from '../../protos/registers/fields.js';
import type { Register } from '../../protos/registers/register-map.js';

const { MAILBOX_COMMAND, MAILBOX_DOORBELL, MAILBOX_STATUS, MAILBOX_RESPONSE } = cardRegisters;
const WINDOW = cardWindows.MAILBOX_WINDOW.offset;
const names = new Map<number, string>(Object.entries<Register>(cardRegisters).map(([name, { offset }]) => [offset, name]));

const identify = create(AdminRequestSchema, { request: { case: 'identify', value: {} } });
const response = create(AdminResponseSchema, { status: Status.SUCCESS, result: { case: 'identity', value: { model: 'a card' } } });

/** A mailbox whose registers answer what the test says, one value a read, the last one from then on. */
function bench(answers: Record<number, readonly Uint8Array[]>, timeoutMs = 10_000) {
  const accesses: string[] = [];
  const left = new Map(Object.entries(answers).map(([offset, values]) => [Number(offset), [...values]]));
  const port: PropertyPort = new PropertyPort(paceOf(10_000, Infinity), noAnomalies(), ({ case: kind, value }) => {
    if (kind !== 'propertyGet' && kind !== 'propertySet') throw new Error(`${String(kind)} in a mailbox exchange`);
    const name = value.offset === WINDOW ? 'WINDOW' : (names.get(value.offset) ?? '?');
    let answer = new Uint8Array(0);
    if (kind === 'propertyGet') {
      const values = left.get(value.offset) ?? [];
      answer = Uint8Array.from((values.length > 1 ? values.shift() : values[0]) ?? []);
      accesses.push(`read ${name} ${String(value.lengthBytes)}`);
    } else {
      accesses.push(`write ${name} ${Buffer.from(value.value).toString('hex')}`);
    }
    const reply = create(PropertyValueSchema, { requestId: value.requestId, status: Status.SUCCESS, value: answer });
    queueMicrotask(() => { port.received(reply); });
  });
  return { mailbox: new Mailbox(new RegisterWindow(port), timeoutMs), accesses };
}

function word(value: bigint | number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, Number(value), true);
  return bytes;
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return whole;
}

const [busy, idle] = [word(packFields(MAILBOX_DOORBELL, { GO: true })), word(0)];
const responseBytes = toBinary(AdminResponseSchema, response);
const done = {
  [MAILBOX_DOORBELL.offset]: [idle, busy, busy, idle],
  [MAILBOX_STATUS.offset]: [word(packFields(MAILBOX_STATUS, { STATE: MailboxState.DONE }))],
  [MAILBOX_RESPONSE.offset]: [word(responseBytes.length)],
  [WINDOW]: [padded(responseBytes)],
};

describe('Mailbox', () => {
  it('makes exactly these register accesses', async () => {
    const { mailbox, accesses } = bench(done);
    expect(await mailbox.exchange(identify)).toEqual(fromBinary(AdminResponseSchema, responseBytes));
    expect(accesses).toEqual([
      'read MAILBOX_DOORBELL 4',
      'write WINDOW 0a000000',
      'write MAILBOX_COMMAND 02000000',
      'write MAILBOX_DOORBELL 01000000',
      'read MAILBOX_DOORBELL 4',
      'read MAILBOX_DOORBELL 4',
      'read MAILBOX_DOORBELL 4',
      'read MAILBOX_STATUS 4',
      'read MAILBOX_RESPONSE 4',
      `read WINDOW ${String(padded(responseBytes).length)}`,
    ]);
    expect(MAILBOX_COMMAND.fields.LENGTH.lsb).toBe(0);
  });

  it('waits for an exchange of another host before it touches the window', async () => {
    const { mailbox, accesses } = bench({ ...done, [MAILBOX_DOORBELL.offset]: [busy, busy, idle] });
    await mailbox.exchange(identify);
    expect(accesses.slice(0, 4)).toEqual(['read MAILBOX_DOORBELL 4', 'read MAILBOX_DOORBELL 4', 'read MAILBOX_DOORBELL 4', 'write WINDOW 0a000000']);
  });

  it('rejects with the code that the mailbox shows in state ERROR', async () => {
    const failed = packFields(MAILBOX_STATUS, { STATE: MailboxState.ERROR, CODE: Status.TRANSFER_TOO_LARGE });
    const { mailbox } = bench({ ...done, [MAILBOX_STATUS.offset]: [word(failed)] });
    await expect(mailbox.exchange(identify)).rejects.toMatchObject({ statusName: 'TRANSFER_TOO_LARGE' });
  });

  it.each([
    ['does not fit into the window', { [MAILBOX_RESPONSE.offset]: [word(4097)] }],
    ['is no message', { [MAILBOX_RESPONSE.offset]: [word(4)], [WINDOW]: [Uint8Array.of(0xff, 0xff, 0xff, 0xff)] }],
  ])('rejects a response that %s', async (_what, answers) => {
    const { mailbox } = bench({ ...done, ...answers });
    await expect(mailbox.exchange(identify)).rejects.toMatchObject({ status: Status.INVALID_FRAME });
  });

  it('rejects when the card does not get done', async () => {
    const { mailbox } = bench({ ...done, [MAILBOX_DOORBELL.offset]: [idle, busy] }, 20);
    await expect(mailbox.exchange(identify)).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('touches nothing for a request longer than the window', async () => {
    const { mailbox, accesses } = bench(done);
    const long = create(AdminRequestSchema, { request: { case: 'mediumLoad', value: { path: 'x'.repeat(4096) } } });
    await expect(mailbox.exchange(long)).rejects.toBeInstanceOf(RangeError);
    expect(accesses).toEqual([]);
  });

  it('makes one exchange after the other', async () => {
    const { mailbox, accesses } = bench({ ...done, [MAILBOX_DOORBELL.offset]: [idle] });
    await Promise.all([mailbox.exchange(identify), mailbox.exchange(identify)]);
    expect(accesses.filter((access) => access.startsWith('write WINDOW'))).toHaveLength(2);
    expect(accesses.slice(0, accesses.length / 2)).toEqual(accesses.slice(accesses.length / 2));
  });
});
