import { create, toBinary } from '@bufbuild/protobuf';
import { sizeDelimitedEncode } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameError } from '../../../protos/framing/frame-sink.js';
import { encodeLengthPrefix, VarintFrameReceiver } from '../../../protos/framing/varint-frames.js';
import { HostFrameSchema } from '../../../protos/gen/grainlink/host/v1/host_pb.js';
import { CollectingSink, concat, feedInPieces } from './collecting-sink.js';

const LIMIT_BYTES = 70_000;

function framed(message: Uint8Array): Uint8Array {
  return concat([encodeLengthPrefix(message.length), message]);
}

describe('the length prefix', () => {
  it('is the varint that protobuf-es lays before a size-delimited message', () => {
    for (const payloadBytes of [1, 100, 117, 118, 119, 16_000, 16_384, 300_000]) {
      const frame = create(HostFrameSchema, { payload: new Uint8Array(payloadBytes) });
      const message = toBinary(HostFrameSchema, frame);
      const expected = sizeDelimitedEncode(HostFrameSchema, frame);
      expect(Buffer.compare(framed(message), expected)).toBe(0);
    }
  });

  it('holds every length of 32 bits', () => {
    expect([...encodeLengthPrefix(0)]).toEqual([0]);
    expect([...encodeLengthPrefix(0xffff_ffff)]).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
  });
});

describe('receiving varint-delimited frames', () => {
  it('finds the same frames however the stream is split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 400 }), { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (messages, cuts) => {
          const sink = new CollectingSink();
          feedInPieces(new VarintFrameReceiver(LIMIT_BYTES, sink), concat(messages.map(framed)), cuts);
          expect(sink.frames).toEqual(messages);
          expect(sink.wireBytes).toEqual(messages.map((message) => framed(message).length));
        },
      ),
    );
  });

  it('asks for exactly as much memory as the frame is long, once its first byte is there', () => {
    const sink = new CollectingSink();
    const receiver = new VarintFrameReceiver(LIMIT_BYTES, sink);
    receiver.feed(encodeLengthPrefix(60_000));
    expect(sink.asked).toEqual([]);
    receiver.feed(new Uint8Array(1));
    expect(sink.asked).toEqual([60_000]);
  });

  it('stops where it needs a buffer and goes on from there when it has one', () => {
    const first = Uint8Array.of(1, 2, 3);
    const second = Uint8Array.of(4, 5);
    const stream = concat([framed(first), framed(second)]);
    const sink = new CollectingSink(1);
    const receiver = new VarintFrameReceiver(LIMIT_BYTES, sink);

    const taken = receiver.feed(stream);
    expect(taken).toBe(5);
    expect(sink.frames).toEqual([first]);
    expect(receiver.feed(stream, taken)).toBe(taken);

    sink.buffers = 1;
    expect(receiver.feed(stream, taken)).toBe(stream.length);
    expect(sink.frames).toEqual([first, second]);
  });

  it('assembles a frame in the very buffer it was given', () => {
    const posted = new Uint8Array(64);
    const delivered: Uint8Array[] = [];
    const receiver = new VarintFrameReceiver(64, {
      needBuffer: () => posted,
      frame: (buffer) => delivered.push(buffer),
    });
    receiver.feed(framed(Uint8Array.of(9, 8, 7)));
    expect(delivered[0]).toBe(posted);
    expect([...posted.subarray(0, 3)]).toEqual([9, 8, 7]);
  });

  it('tells where the rest of a frame belongs, and takes what was put there', () => {
    const message = Uint8Array.from({ length: 100 }, (_, i) => i);
    const sink = new CollectingSink();
    const receiver = new VarintFrameReceiver(LIMIT_BYTES, sink);
    expect(receiver.rest).toBeUndefined();
    receiver.feed(framed(message).subarray(0, 41));
    for (const bytes of [10, 50]) {
      receiver.rest?.set(message.subarray(100 - receiver.rest.length).subarray(0, bytes));
      receiver.filled(bytes);
      expect(sink.frames).toEqual(bytes === 10 ? [] : [message]);
    }
    expect(sink.wireBytes).toEqual([101]);
    expect(receiver.rest).toBeUndefined();
    receiver.feed(framed(Uint8Array.of(7)));
    expect(sink.frames).toEqual([message, Uint8Array.of(7)]);
  });

  it('takes nothing more for a frame that was given up', () => {
    const sink = new CollectingSink();
    const receiver = new VarintFrameReceiver(LIMIT_BYTES, sink);
    receiver.feed(framed(new Uint8Array(100)).subarray(0, 50));
    receiver.abandon();
    receiver.filled(51);
    expect(sink.frames).toEqual([]);
  });

  it('gives back the buffer of a frame cut off, and starts afresh', () => {
    const sink = new CollectingSink();
    const receiver = new VarintFrameReceiver(LIMIT_BYTES, sink);
    expect(receiver.abandon()).toBeUndefined();
    receiver.feed(framed(new Uint8Array(100)).subarray(0, 50));
    expect(receiver.abandon()).toHaveLength(100);
    expect(receiver.abandon()).toBeUndefined();
    receiver.feed(framed(Uint8Array.of(5)));
    expect(sink.frames).toEqual([Uint8Array.of(5)]);
  });

  it.each([
    ['one byte over the limit', encodeLengthPrefix(LIMIT_BYTES + 1), /70001 bytes is over the limit of 70000/],
    ['4 GiB and more', Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x10), /4294967296 bytes is over the limit/],
    ['zero length', Uint8Array.of(0), /zero length/],
    ['a length that does not end', Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x01), /goes on after 5 bytes/],
  ])('refuses %s before it asks for memory, and for good', (_what, prefix, message) => {
    const sink = new CollectingSink();
    const receiver = new VarintFrameReceiver(LIMIT_BYTES, sink);
    expect(() => receiver.feed(concat([prefix, new Uint8Array(20)]))).toThrow(message);
    expect(() => receiver.feed(framed(Uint8Array.of(1)))).toThrow(FrameError);
    expect(sink.asked).toEqual([]);
    expect(sink.frames).toEqual([]);
  });

  it('takes a frame of exactly the limit', () => {
    const sink = new CollectingSink();
    new VarintFrameReceiver(LIMIT_BYTES, sink).feed(framed(new Uint8Array(LIMIT_BYTES)));
    expect(sink.frames).toHaveLength(1);
  });

  it('only ever ends with a FrameError on garbage, and never asks for more than the limit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat(), { maxLength: 10 }), (garbage, cuts) => {
        const sink = new CollectingSink();
        try {
          feedInPieces(new VarintFrameReceiver(300, sink), garbage, cuts);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
        expect(sink.asked.every((lengthBytes) => lengthBytes <= 300)).toBe(true);
      }),
    );
  });
});
