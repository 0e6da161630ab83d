import type { FrameReceiver, FrameSink } from '../../protos/framing/frame-sink.js';
import type { FrameHub, Line, Slot } from './frame-hub.js';

/**
 * The receiving half of a line: feeds what comes in to a frame receiver, and keeps what is left of a chunk
 * while the hub has no buffer.
 */
export class FrameIntake<R extends FrameReceiver = FrameReceiver> {
  readonly receiver: R;
  #slot: Slot | undefined;
  #chunk: Uint8Array | undefined;
  #from = 0;
  #ended = false;

  /**
   * @param makeReceiver makes the receiver over a sink.
   * @param ownBuffer where frames are assembled when a posted buffer cannot hold what the receiver asks for;
   * they are copied then.
   */
  constructor(
    private readonly hub: FrameHub,
    private readonly line: Line,
    private readonly connection: () => number,
    makeReceiver: (sink: FrameSink) => R,
    private readonly ownBuffer?: Uint8Array,
  ) {
    this.receiver = makeReceiver({
      needBuffer: () => this.#needBuffer(),
      frame: (buffer, lengthBytes, wireBytes) => { this.#frame(buffer, lengthBytes, wireBytes); },
    });
  }

  /**
   * Takes a chunk, which stays untouched until it is used up.
   * @returns false when reading has to stop until {@link resume} returns true.
   * @throws FrameError
   */
  feed(chunk: Uint8Array): boolean {
    if (this.#ended) return true;
    const taken = this.receiver.feed(chunk);
    if (taken === chunk.length) return true;
    this.#chunk = chunk;
    this.#from = taken;
    return false;
  }

  /** Goes on with the chunk that was left. As {@link feed}. */
  resume(): boolean {
    const chunk = this.#chunk;
    if (chunk === undefined) return true;
    this.#from = this.receiver.feed(chunk, this.#from);
    if (this.#from < chunk.length) return false;
    this.#chunk = undefined;
    return true;
  }

  /** Forgets a frame begun; what comes from now on is dropped. Returns the slot it held. */
  end(): Slot | undefined {
    this.#ended = true;
    this.#chunk = undefined;
    this.receiver.abandon();
    const slot = this.#slot;
    this.#slot = undefined;
    return slot;
  }

  #needBuffer(): Uint8Array | undefined {
    this.#slot = this.hub.take(this.line);
    return this.#slot === undefined ? undefined : (this.ownBuffer ?? this.#slot.buffer);
  }

  #frame(buffer: Uint8Array, lengthBytes: number, wireBytes: number): void {
    const slot = this.#slot;
    if (slot === undefined) return;
    this.#slot = undefined;
    if (this.ownBuffer !== undefined) slot.buffer.set(buffer.subarray(0, lengthBytes));
    this.hub.frame(slot, this.connection(), lengthBytes, wireBytes);
  }
}
