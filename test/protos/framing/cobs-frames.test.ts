import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CobsFrameReceiver, encodeCobsFrame, FRAME_CHECK_BYTES } from '../../../protos/framing/cobs-frames.js';
import { CobsDecoder, cobsEncode, maxCobsBytes } from '../../../protos/framing/cobs.js';
import { CollectingSink, concat, feedInPieces } from './collecting-sink.js';

const LIMIT_BYTES = 2000;

/** Messages with the runs that COBS cares about: many zeroes, none, and lengths around 254. */
const anyMessage = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 600 }),
  fc.array(fc.constantFrom(0, 1, 0xff), { minLength: 1, maxLength: 600 }).map((bytes) => Uint8Array.from(bytes)),
  fc.integer({ min: 245, max: 520 }).map((lengthBytes) => new Uint8Array(lengthBytes).fill(0xaa)),
);

/** Line noise without a delimiter. */
const anyNoise = fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: 60 }).map((bytes) => Uint8Array.from(bytes));

function encoded(bytes: Uint8Array): Uint8Array {
  const into = new Uint8Array(maxCobsBytes(bytes.length));
  return into.subarray(0, cobsEncode([bytes], into, 0));
}

function numbered(from: number, to: number): Uint8Array {
  return Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

describe('COBS', () => {
  it.each([
    ['nothing', [], [0x01]],
    ['a zero', [0x00], [0x01, 0x01]],
    ['two zeroes', [0x00, 0x00], [0x01, 0x01, 0x01]],
    ['a zero in the middle', [0x11, 0x22, 0x00, 0x33], [0x03, 0x11, 0x22, 0x02, 0x33]],
    ['254 bytes and no zero', [...numbered(1, 254)], [0xff, ...numbered(1, 254)]],
    ['a zero, then 254 bytes', [0, ...numbered(1, 254)], [0x01, 0xff, ...numbered(1, 254)]],
    ['255 bytes and no zero', [...numbered(1, 255)], [0xff, ...numbered(1, 254), 0x02, 0xff]],
    ['254 bytes, then a zero', [...numbered(2, 255), 0], [0xff, ...numbered(2, 255), 0x01, 0x01]],
  ])('encodes %s as its paper says', (_what, plain, expected) => {
    expect([...encoded(Uint8Array.from(plain))]).toEqual(expected);
  });

  it('accepts the empty last block that other encoders lay behind a full one', () => {
    const decoder = new CobsDecoder(300);
    const into = new Uint8Array(300);
    expect(decoder.decode(Uint8Array.of(0xff, ...numbered(1, 254), 0x01), 0, 256, into)).toBe(true);
    expect(decoder.lengthBytes).toBe(254);
    expect(decoder.atBlockEnd).toBe(true);
  });

  it('leaves no zero, stays within its bound, and decodes to what was encoded', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const line = encoded(message);
        expect(line.includes(0)).toBe(false);
        expect(line.length).toBeLessThanOrEqual(maxCobsBytes(message.length));
        const decoder = new CobsDecoder(message.length);
        const into = new Uint8Array(message.length);
        expect(decoder.decode(line, 0, line.length, into)).toBe(true);
        expect(into.subarray(0, decoder.lengthBytes)).toEqual(message);
      }),
    );
  });
});

describe('a COBS frame', () => {
  it('carries the CRC-32C of the message, whose check value is that of the standard', () => {
    const digits = new TextEncoder().encode('123456789');
    const frame = encodeCobsFrame([digits]);
    // CRC-32C of "123456789" is 0xE3069283; nothing here is zero, so it is one block.
    expect([...frame]).toEqual([0, 14, ...digits, 0x83, 0x92, 0x06, 0xe3, 0]);
  });

  it('is the same whether the message comes in one part or in several', () => {
    const whole = numbered(0, 255);
    expect(encodeCobsFrame([whole.subarray(0, 7), new Uint8Array(0), whole.subarray(7)])).toEqual(encodeCobsFrame([whole]));
  });
});

describe('receiving COBS frames', () => {
  it('finds the same frames however the stream is split, and no error', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 }), (messages, cuts) => {
        const frames = messages.map((message) => encodeCobsFrame([message]));
        const sink = new CollectingSink();
        const receiver = new CobsFrameReceiver(LIMIT_BYTES, sink);
        feedInPieces(receiver, concat(frames), cuts);
        expect(sink.frames).toEqual(messages);
        expect(sink.wireBytes).toEqual(frames.map((frame) => frame.length));
        expect(receiver.stats).toEqual({ frames: messages.length, malformed: 0, oversize: 0, badCheck: 0, skippedBytes: 0 });
      }),
    );
  });

  it('loses nothing but the noise when noise stands before, between and behind frames', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyNoise, anyMessage), { maxLength: 6 }),
        anyNoise,
        fc.array(fc.nat(), { maxLength: 20 }),
        (noisy, lastNoise, cuts) => {
          const stream = concat([...noisy.flatMap(([noise, message]) => [noise, encodeCobsFrame([message])]), lastNoise]);
          const sink = new CollectingSink();
          feedInPieces(new CobsFrameReceiver(LIMIT_BYTES, sink), stream, cuts);
          // Noise that is itself a frame with a fitting CRC is one in four thousand million.
          expect(sink.frames).toEqual(noisy.map(([, message]) => message));
        },
      ),
    );
  });

  it('can be joined anywhere: what was cut is dropped, the next frame is whole', () => {
    fc.assert(
      fc.property(anyMessage, anyMessage, fc.nat(), (cut, whole, at) => {
        const first = encodeCobsFrame([cut]);
        const stream = concat([first, encodeCobsFrame([whole])]).subarray(1 + (at % (first.length - 1)));
        const sink = new CollectingSink();
        const receiver = new CobsFrameReceiver(LIMIT_BYTES, sink);
        expect(receiver.feed(stream)).toBe(stream.length);
        expect(sink.frames).toEqual([whole]);
      }),
    );
  });

  it('drops and counts a frame with any one bit flipped, and takes the next', () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(), fc.integer({ min: 0, max: 7 }), (message, at, bit) => {
        const bad = encodeCobsFrame([message]);
        // The delimiters are spared: without one the frame is merely lost, as below.
        const index = 1 + (at % (bad.length - 2));
        bad[index] = (bad[index] ?? 0) ^ (1 << bit);
        const sink = new CollectingSink();
        const receiver = new CobsFrameReceiver(LIMIT_BYTES, sink);
        receiver.feed(concat([bad, encodeCobsFrame([Uint8Array.of(1, 2, 3)])]));
        expect(sink.frames).toEqual([Uint8Array.of(1, 2, 3)]);
        expect(receiver.stats.badCheck + receiver.stats.malformed).toBeGreaterThan(0);
      }),
    );
  });

  it('counts a frame over the limit once, takes no more memory for it, and takes the next', () => {
    const sink = new CollectingSink();
    const receiver = new CobsFrameReceiver(LIMIT_BYTES, sink);
    receiver.feed(encodeCobsFrame([new Uint8Array(LIMIT_BYTES + 1).fill(1)]));
    receiver.feed(encodeCobsFrame([new Uint8Array(100_000)]));
    receiver.feed(encodeCobsFrame([new Uint8Array(LIMIT_BYTES).fill(2)]));
    expect(receiver.stats).toMatchObject({ frames: 1, oversize: 2, malformed: 0, badCheck: 0 });
    expect(sink.asked).toEqual([LIMIT_BYTES + FRAME_CHECK_BYTES]);
    expect(sink.frames).toEqual([new Uint8Array(LIMIT_BYTES).fill(2)]);
  });

  it('calls a frame malformed that ends within a block or holds no message', () => {
    const receiver = new CobsFrameReceiver(LIMIT_BYTES, new CollectingSink());
    receiver.feed(Uint8Array.of(0, 9, 1, 2, 0));
    receiver.feed(encodeCobsFrame([]));
    expect(receiver.stats).toMatchObject({ frames: 0, malformed: 2, badCheck: 0 });
  });

  it('counts the bytes it skipped before the first delimiter', () => {
    const receiver = new CobsFrameReceiver(LIMIT_BYTES, new CollectingSink());
    receiver.feed(Uint8Array.of(7, 7, 7));
    receiver.feed(Uint8Array.of(7, 0));
    expect(receiver.stats).toEqual({ frames: 0, malformed: 0, oversize: 0, badCheck: 0, skippedBytes: 4 });
  });

  it('stops where it needs a buffer and goes on from there when it has one', () => {
    const stream = concat([encodeCobsFrame([Uint8Array.of(1)]), encodeCobsFrame([Uint8Array.of(2)])]);
    const sink = new CollectingSink(1);
    const receiver = new CobsFrameReceiver(LIMIT_BYTES, sink);
    const taken = receiver.feed(stream);
    expect(taken).toBeLessThan(stream.length);
    expect(sink.frames).toEqual([Uint8Array.of(1)]);
    sink.buffers = 1;
    expect(receiver.feed(stream, taken)).toBe(stream.length);
    expect(sink.frames).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  });

  it('gives back the buffer of a frame begun, and waits for a delimiter again', () => {
    const sink = new CollectingSink();
    const receiver = new CobsFrameReceiver(LIMIT_BYTES, sink);
    receiver.feed(Uint8Array.of(0, 5, 1));
    expect(receiver.abandon()).toHaveLength(LIMIT_BYTES + FRAME_CHECK_BYTES);
    receiver.feed(Uint8Array.of(2, 3));
    receiver.feed(encodeCobsFrame([Uint8Array.of(6)]));
    expect(sink.frames).toEqual([Uint8Array.of(6)]);
  });
});
