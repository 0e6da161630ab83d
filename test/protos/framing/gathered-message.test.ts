import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { sizeDelimitedEncode } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeDelimitedHead, encodeHead } from '../../../protos/framing/gathered-message.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { CardFrameSchema, CommandSchema, HostFrameSchema, Opcode } from '../../../protos/gen/grainlink/host/v1/host_pb.js';
import { LinkFrameSchema } from '../../../protos/gen/grainlink/link/v1/link_pb.js';
import { MediumChunkSchema } from '../../../protos/gen/grainlink/medium/v1/medium_pb.js';
import { concat } from './collecting-sink.js';

const PAYLOAD_BYTES = [0, 1, 127, 128, 4096, 16_383, 16_384, 262_144];

/** Compares head + payload with what protobuf-es makes of the whole message. */
function expectSameBytes<Desc extends DescMessage>(
  schema: Desc,
  fields: MessageInitShape<Desc>,
  payloadFieldNumber: number,
  payload: Uint8Array,
): void {
  const head = create(schema, fields);
  const whole = create(schema, { ...fields, payload });
  const gathered = concat([encodeHead(schema, head, payloadFieldNumber, payload.length), payload]);
  expect(Buffer.compare(gathered, toBinary(schema, whole))).toBe(0);
  const delimited = concat([encodeDelimitedHead(schema, head, payloadFieldNumber, payload.length), payload]);
  expect(Buffer.compare(delimited, sizeDelimitedEncode(schema, whole))).toBe(0);
}

describe('a gathered message is byte-identical to protobuf-es', () => {
  it.each(PAYLOAD_BYTES)('with a payload of %i bytes, in all four contracts', (lengthBytes) => {
    const payload = new Uint8Array(lengthBytes).fill(0x5a);
    expectSameBytes(
      HostFrameSchema,
      { body: { case: 'command', value: { queue: 1, commandId: 77, opcode: Opcode.WRITE, lba: 1n << 40n, blocks: 8, fua: true } } },
      15,
      payload,
    );
    expectSameBytes(
      CardFrameSchema,
      { body: { case: 'completion', value: { queue: 1, commandId: 77, status: Status.SUCCESS, sqHead: 5, phase: true } } },
      15,
      payload,
    );
    expectSameBytes(
      LinkFrameSchema,
      { session: 0x1122_3344_5566_7788n, sequence: 9, body: { case: 'mirrorWrite', value: { id: 3, offsetBytes: 1n << 43n } } },
      31,
      payload,
    );
    expectSameBytes(MediumChunkSchema, { index: 4n, offsetBytes: 1n << 30n, lengthBytes: 4096n, digest: payload.slice(0, 32) }, 15, payload);
  });

  it('with any command', () => {
    fc.assert(
      fc.property(fc.nat(), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.uint8Array({ maxLength: 300 }), (id, lba, payload) => {
        expectSameBytes(HostFrameSchema, { body: { case: 'command', value: { commandId: id, lba } } }, 15, payload);
      }),
    );
  });

  it('with nothing beside the payload', () => {
    expectSameBytes(HostFrameSchema, {}, 15, Uint8Array.of(1, 2, 3));
  });
});

describe('gathering is refused', () => {
  it('when the field is not bytes or does not exist', () => {
    expect(() => encodeHead(CommandSchema, create(CommandSchema), 5, 1)).toThrow(/no bytes field 5/);
    expect(() => encodeHead(HostFrameSchema, create(HostFrameSchema), 16, 1)).toThrow(/no bytes field 16/);
  });

  it('when another field comes behind it, as protobuf-es would encode that one last', () => {
    expect(() => encodeHead(MediumChunkSchema, create(MediumChunkSchema), 5, 1)).toThrow(/not its last one/);
  });
});
