import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { CardFrameSchema } from '../../../protos/gen/grainlink/host/v1/host_pb.js';
import { layPlainCompletion, type PlainCompletion } from '../../../firmware/host-port/plain-completion.js';

function expectSameBytes(completion: PlainCompletion, payload: Uint8Array): void {
  const whole = toBinary(CardFrameSchema, create(CardFrameSchema, { body: { case: 'completion', value: completion }, payload }));
  const head = layPlainCompletion(completion, payload.length);
  expect(Buffer.compare(Buffer.concat([head, payload]), whole)).toBe(0);
}

describe('a completion laid by hand is byte-identical to protobuf-es', () => {
  it('with the least in every field', () => {
    expectSameBytes({ queue: 0, commandId: 0, status: Status.UNSPECIFIED, sqHead: 0, phase: false }, new Uint8Array(0));
  });

  it('with the most in every field', () => {
    const most = 2 ** 32 - 1;
    expectSameBytes({ queue: most, commandId: most, status: Status.NOT_FORMATTED, sqHead: most, phase: true }, new Uint8Array(1 << 20));
  });

  it('with anything between', () => {
    const uint32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    const status = fc.constantFrom(...Object.values(Status).filter((value) => typeof value === 'number'));
    const completion = fc.record({ queue: uint32, commandId: uint32, status, sqHead: uint32, phase: fc.boolean() });
    fc.assert(fc.property(completion, fc.nat(20_000), (value, payloadBytes) => { expectSameBytes(value, new Uint8Array(payloadBytes)); }));
  });

  it('and stays as it is when the next one is laid', () => {
    const first = layPlainCompletion({ queue: 1, commandId: 1, status: Status.SUCCESS, sqHead: 1, phase: true }, 0);
    const before = first.slice();
    layPlainCompletion({ queue: 1, commandId: 2 ** 32 - 1, status: Status.DISK_ERROR, sqHead: 5, phase: false }, 4096);
    expect(first).toEqual(before);
  });
});
