import type { Socket } from 'node:net';
import type { Completion } from '../../firmware/hal.js';
import { FRAME_BUFFER_BYTES, MAX_TRANSFER_BYTES } from '../../firmware/limits.js';
import { encodeLengthPrefix, putVarint, varintBytes, VarintFrameReceiver } from '../../protos/framing/varint-frames.js';
import { CLOSE_GRACE_MS, COPIED_HEAD_BYTES, KEEP_ALIVE_MS } from '../limits.js';
import type { FrameHub, Line } from './frame-hub.js';
import { FrameIntake } from './frame-intake.js';
import { errorText } from './part-fault.js';

/** A connected socket as a line of a hub: varint-delimited frames, gathered writes. */
export class TcpLine implements Line {
  readonly connection: number;
  readonly maxPayloadBytes = MAX_TRANSFER_BYTES;
  readonly #intake: FrameIntake;
  #corked = false;
  #reason: string | undefined;
  #graceTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly hub: FrameHub,
    remote: string,
  ) {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#intake = new FrameIntake(hub, this, () => this.connection, (sink) => new VarintFrameReceiver(FRAME_BUFFER_BYTES, sink));
    socket.on('end', () => { this.#reason ??= 'the other side closed the connection'; });
    socket.on('error', (error) => { this.#reason ??= errorText(error); });
    socket.on('close', () => { this.#closed(); });
    this.connection = hub.opened(this, remote);
  }

  /** Takes what came in; false stops reading until the socket is resumed. */
  take(chunk: Uint8Array): boolean {
    return this.#guarded(() => this.#intake.feed(chunk));
  }

  resume(): void {
    if (this.#guarded(() => this.#intake.resume())) this.socket.resume();
  }

  send(head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    if (this.#reason !== undefined || !this.socket.writable) {
      done.fail({ kind: 'closed', text: this.#reason ?? 'the connection is closed' });
      return;
    }
    const messageBytes = head.length + (payload?.length ?? 0);
    const wireBytes = varintBytes(messageBytes) + messageBytes;
    const sent = (error: Error | null | undefined): void => {
      if (error === null || error === undefined) done.succeed(wireBytes);
      else done.fail({ kind: 'closed', text: this.#reason ?? errorText(error) });
    };
    this.#cork();
    const parts = head.length <= COPIED_HEAD_BYTES ? [prefixed(head, messageBytes)] : [encodeLengthPrefix(messageBytes), head];
    if (payload !== undefined && payload.length > 0) parts.push(payload);
    const last = parts.length - 1;
    parts.forEach((part, index) => {
      if (index === last) this.socket.write(part, sent);
      else this.socket.write(part);
    });
  }

  /** Lets what was sent go out, for a moment: a refusal should be read by whom it is for. */
  close(): void {
    this.#end('closed by this card');
  }

  /** Everything sent in one turn of the event loop goes out in one system call. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.socket.uncork();
    });
  }

  #guarded(step: () => boolean): boolean {
    try {
      return step();
    } catch (error) {
      this.#end(errorText(error));
      return true;
    }
  }

  #end(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const slot = this.#intake.end();
    if (slot !== undefined) this.hub.giveBack(slot);
    this.socket.end();
    // What still comes in is read and dropped: unread bytes would turn the ending into a reset.
    this.socket.resume();
    this.#graceTimer = setTimeout(() => { this.socket.destroy(); }, CLOSE_GRACE_MS);
  }

  #closed(): void {
    clearTimeout(this.#graceTimer);
    const slot = this.#intake.end();
    if (slot !== undefined) this.hub.giveBack(slot);
    this.hub.closed(this.connection, this.#reason ?? 'the connection was closed');
  }
}

/** The length prefix and the head in one piece. */
function prefixed(head: Uint8Array, messageBytes: number): Uint8Array {
  const prefixBytes = varintBytes(messageBytes);
  const bytes = Buffer.allocUnsafe(prefixBytes + head.length);
  putVarint(bytes, 0, messageBytes);
  bytes.set(head, prefixBytes);
  return bytes;
}
