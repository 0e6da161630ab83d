import type { Completion } from '../../firmware/hal.js';
import { encodeCobsFrame } from '../../protos/framing/cobs-frames.js';
import { errorText } from './part-fault.js';

/** What is used here of an open port: it takes one frame after the other, each as soon as there is room for it. */
export interface FrameTaker {
  write(frame: Uint8Array, done: (error: Error | null | undefined) => void): unknown;
}

interface Outgoing {
  readonly head: Uint8Array;
  readonly payload: Uint8Array | undefined;
  readonly done: Completion<number>;
}

/**
 * What goes out over an open serial device. The port has one frame at a time, whichever connection it was of:
 * on a line that takes nothing, connections come and go, and none leaves more behind than that frame.
 */
export class SerialWriter {
  readonly #queue: Outgoing[] = [];
  /** Whose sender still waits for the frame that the port has; its memory was encoded. */
  #writing: Outgoing | undefined;
  #portBusy = false;

  constructor(private readonly port: FrameTaker) {}

  send(head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    this.#queue.push({ head, payload, done });
    this.#writeNext();
  }

  /** The connection is over: fails what it has not got out. A frame begun goes on, since half of one is garbage. */
  forget(reason: string): void {
    const unsent = [...(this.#writing === undefined ? [] : [this.#writing]), ...this.#queue.splice(0)];
    this.#writing = undefined;
    for (const { done } of unsent) done.fail({ part: 'port', kind: 'closed', text: reason });
  }

  #writeNext(): void {
    if (this.#portBusy) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    this.#portBusy = true;
    this.#writing = next;
    const frame = encodeCobsFrame(next.payload === undefined ? [next.head] : [next.head, next.payload]);
    this.port.write(frame, (error) => {
      this.#portBusy = false;
      if (this.#writing === next) {
        this.#writing = undefined;
        if (error === null || error === undefined) next.done.succeed(frame.length);
        else next.done.fail({ part: 'port', kind: 'closed', text: errorText(error) });
      }
      this.#writeNext();
    });
  }
}
