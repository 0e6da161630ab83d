import { type FrameSink, FrameError } from '../../../protos/framing/frame-sink.js';
import { encodeLengthPrefix, VarintFrameReceiver } from '../../../protos/framing/varint-frames.js';
import { type Input, must, type Outcome, type Target } from '../target.js';
import { chunksOf, collected, sameFrames } from './streams.js';

const MAX_FRAME_BYTES = 4096;

/** A stream, and lengths to split it in. Frames must not depend on how they came. */
export const varintFrames: Target = {
  name: 'varint-frames',
  seeds: () => [
    [streamOf([1, 127, 128]), Uint8Array.of(1, 2, 3)],
    [streamOf([MAX_FRAME_BYTES]), Uint8Array.of(200)],
  ],
  run: ([stream = new Uint8Array(0), splits = new Uint8Array(0)]) => {
    const whole = receive([stream], 'fed');
    for (const how of ['fed', 'paused', 'straight'] as const) {
      const split = receive(chunksOf(stream, splits), how);
      must(sameFrames(whole.frames, split.frames) && whole.error === split.error, `${how}, it is received otherwise: ${String(whole.error)}, ${String(split.error)}`);
    }
    for (const frame of whole.frames) {
      const again = receive([encodeLengthPrefix(frame.length), frame], 'fed').frames;
      must(sameFrames(again, [frame]), 'a frame that came cannot be sent on');
    }
    return outcomeOf(whole);
  },
};

interface Received {
  readonly frames: readonly Uint8Array[];
  readonly error: string | undefined;
}

/** @param how `paused`: there is no buffer at first; `straight`: what is left of a frame is read to where it belongs. */
function receive(chunks: readonly Uint8Array[], how: 'fed' | 'paused' | 'straight'): Received {
  const frames: Uint8Array[] = [];
  let refused = false;
  const sink: FrameSink = collected(frames, MAX_FRAME_BYTES, () => {
    refused = how === 'paused' && !refused;
    return refused;
  });
  const receiver = new VarintFrameReceiver(MAX_FRAME_BYTES, sink);
  try {
    for (const chunk of chunks) {
      const straight = how === 'straight' ? receiver.rest : undefined;
      const bytes = Math.min(straight?.length ?? 0, chunk.length);
      straight?.set(chunk.subarray(0, bytes));
      if (bytes > 0) receiver.filled(bytes);
      for (let at = bytes; at < chunk.length;) at = receiver.feed(chunk, at);
    }
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return { frames, error: error.message };
  }
  return { frames, error: undefined };
}

function outcomeOf({ frames, error }: Received): Outcome {
  const how = error === undefined ? '' : `, then ${error.replace(/\d+/g, '#')}`;
  return frames.length > 0 ? `accepted${how}` : `refused${how}`;
}

function streamOf(lengths: readonly number[]): Uint8Array {
  const parts: Input = lengths.flatMap((length) => [encodeLengthPrefix(length), new Uint8Array(length).fill(length)]);
  return new Uint8Array(Buffer.concat(parts));
}
