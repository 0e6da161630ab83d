/**
 * Who takes the frames that a receiver finds on a byte stream. Both receivers assemble a frame in memory
 * that their user owns, so that a port can fill the very buffer the firmware posted.
 */
export interface FrameSink {
  /**
   * Asks for memory for the next frame: at least `lengthBytes`, its own size on TCP and the most it could
   * be on a serial line, where a frame does not say its length before it. `undefined` pauses the receiver.
   */
  needBuffer(lengthBytes: number): Uint8Array | undefined;
  /**
   * A whole message stands in the first `lengthBytes` of `buffer`, which is the sink's again.
   * `wireBytes` counts what the frame took on the wire, framing included. Must not feed the receiver.
   */
  frame(buffer: Uint8Array, lengthBytes: number, wireBytes: number): void;
}

/** Turns the bytes of a stream, however it was split, into frames. */
export interface FrameReceiver {
  /**
   * Takes bytes from `chunk`, beginning at `from`, and hands each frame that is complete to the sink.
   * @returns the index up to which bytes were taken. Less than `chunk.length` means that the sink had no
   * buffer: pause the stream, and feed the same chunk from there when it has one.
   * @throws FrameError when the stream cannot be brought back into step.
   */
  feed(chunk: Uint8Array, from?: number): number;
  /** The connection is gone: forgets a frame begun, and gives back the buffer it was assembled in. */
  abandon(): Uint8Array | undefined;
}

/** The stream is out of step for good. What is left to do is to close the connection. */
export class FrameError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FrameError';
  }
}
