/**
 * What carries frames between the driver and a card: a small table of operations with one implementation
 * for each kind of line. A frame is one encoded `HostFrame` or `CardFrame`; how it stands on the line is
 * the transport's own affair.
 */
export interface Transport {
  /** Who is at the other end, for messages to people. */
  readonly remote: string;
  /** Largest payload sensible in one frame on this line, in bytes. */
  readonly maxPayloadBytes: number;
  /** What the line carries, for timeouts; `Infinity` where it is never what one waits for. */
  readonly bytesPerSecond: number;
  /** Frames may be lost on the way: Connect is repeated until it is answered. */
  readonly lossy: boolean;

  /**
   * Sends one frame, made up of `parts` one after the other. The memory of `parts` must stay as it is until
   * the card has answered. After the end it does nothing.
   * @returns false when no more should be sent before the drain handler is called; this frame goes out.
   */
  send(parts: readonly Uint8Array[]): boolean;
  /** One handler; a later one replaces it. The frame's memory is valid during the call alone. */
  onFrame(handler: FrameHandler): void;
  /** Called once, when the line has ended, for whatever reason; at once if it has already. */
  onClose(handler: CloseHandler): void;
  /** Called when sending may go on after `send` returned false. */
  onDrain(handler: () => void): void;
  /** Ends the line now. What has not been sent is lost; the close handler is called. */
  close(): void;
}

export type FrameHandler = (frame: Uint8Array) => void;
export type CloseHandler = (reason: string) => void;
