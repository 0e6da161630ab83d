import type { CloseHandler, FrameHandler } from './transport.js';

/** Keeps the handlers of a transport, and sees to it that the end is told exactly once, even to a latecomer. */
export class TransportEvents {
  #frame: FrameHandler | undefined;
  #close: CloseHandler | undefined;
  #drain: (() => void) | undefined;
  #reason: string | undefined;

  get closed(): boolean {
    return this.#reason !== undefined;
  }

  // Properties, not methods: a transport offers them as its own.
  readonly onFrame = (handler: FrameHandler): void => {
    this.#frame = handler;
  };

  readonly onClose = (handler: CloseHandler): void => {
    this.#close = handler;
    const reason = this.#reason;
    if (reason !== undefined) {
      queueMicrotask(() => {
        handler(reason);
      });
    }
  };

  readonly onDrain = (handler: () => void): void => {
    this.#drain = handler;
  };

  frame(frame: Uint8Array): void {
    if (!this.closed) this.#frame?.(frame);
  }

  drain(): void {
    if (!this.closed) this.#drain?.();
  }

  /** The first reason counts: what follows is its consequence. */
  end(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#close?.(reason);
  }
}
