import { CobsFrameReceiver, type CobsStats, encodeCobsFrame, FRAME_CHECK_BYTES } from '../../../protos/framing/cobs-frames.js';
import { type Input, must, type Target } from '../target.js';
import { chunksOf, collected, sameFrames } from './streams.js';

const MAX_FRAME_BYTES = 1024;
const RAW = 0;
const FRAMED = 1;

/**
 * Lengths to split the stream in, then what it is made of: after a first byte that is odd a message, which gets
 * its checksum; else what stands on the line as it is.
 */
export const cobsFrames: Target = {
  name: 'cobs-frames',
  seeds: () => [
    [Uint8Array.of(3), Uint8Array.of(FRAMED, 5, 0, 0, 6), Uint8Array.of(FRAMED, ...new Uint8Array(600).fill(9))],
    [Uint8Array.of(1), Uint8Array.of(RAW, 7, 7), Uint8Array.of(RAW, ...encodeCobsFrame([Uint8Array.of(1, 0, 2)])), Uint8Array.of(FRAMED, 1)],
    // No message, and less than a checksum.
    [Uint8Array.of(9), Uint8Array.of(FRAMED), Uint8Array.of(RAW, 0, 2, 1, 0)],
  ],
  run: ([splits = new Uint8Array(0), ...pieces]) => {
    const stream = streamOf(pieces);
    const whole = receive([stream], false);
    for (const paused of [false, true]) {
      const split = receive(chunksOf(stream, splits), paused);
      must(sameFrames(whole.frames, split.frames), 'split, it is received otherwise');
      must(JSON.stringify(whole.stats) === JSON.stringify(split.stats), 'split, it is counted otherwise');
    }
    for (const frame of whole.frames) must(sameFrames(receive([encodeCobsFrame([frame])], false).frames, [frame]), 'a frame that came cannot be sent on');
    const { malformed, oversize, badCheck } = whole.stats;
    const dropped = `${malformed > 0 ? ' malformed' : ''}${oversize > 0 ? ' oversize' : ''}${badCheck > 0 ? ' bad check' : ''}`;
    return whole.frames.length > 0 ? `accepted${dropped}` : `refused${dropped}`;
  },
};

function receive(chunks: readonly Uint8Array[], pauses: boolean): { readonly frames: readonly Uint8Array[]; readonly stats: CobsStats } {
  const frames: Uint8Array[] = [];
  let paused = false;
  const receiver = new CobsFrameReceiver(MAX_FRAME_BYTES, collected(frames, MAX_FRAME_BYTES + FRAME_CHECK_BYTES, () => {
    paused = pauses && !paused;
    return paused;
  }));
  for (const chunk of chunks) for (let at = 0; at < chunk.length;) at = receiver.feed(chunk, at);
  return { frames, stats: { ...receiver.stats } };
}

function streamOf(pieces: Input): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces.map((piece) => {
    const content = piece.subarray(1);
    return ((piece[0] ?? RAW) & 1) === FRAMED ? encodeCobsFrame([content]) : content;
  })));
}
