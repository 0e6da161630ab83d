import type { Socket } from 'node:net';
import type { Completion } from '../../firmware/hal.js';
import { FRAME_BUFFER_BYTES, MAX_TRANSFER_BYTES } from '../../firmware/limits.js';
import { encodeLengthPrefix, putVarint, varintBytes, VarintFrameReceiver } from '../../protos/framing/varint-frames.js';
import { CLOSE_GRACE_MS, COPIED_HEAD_BYTES, KEEP_ALIVE_MS, SEND_BATCH_BYTES, SOCKET_READ_BYTES } from '../limits.js';
import type { FrameHub, Line, Slot } from './frame-hub.js';
import { FrameIntake } from './frame-intake.js';
import { errorText } from './part-fault.js';

interface Outgoing {
  readonly parts: readonly Uint8Array[];
  readonly wireBytes: number;
  readonly done: Completion<number>;
}

/** A connected socket as a line of a hub: varint-delimited frames, gathered writes. */
export class TcpLine implements Line {
  readonly connection: number;
  readonly maxPayloadBytes = MAX_TRANSFER_BYTES;
  readonly #intake: FrameIntake<VarintFrameReceiver>;
  /** The part of a posted buffer that the socket reads into. It is the socket's until the next read, or the end. */
  #target: Uint8Array | undefined;
  readonly #queue: Outgoing[] = [];
  /** Whether a batch is being written, or about to be put together at the end of this turn. */
  #sending = false;
  /** Why nothing can be sent any more. */
  #reason: string | undefined;
  /** The card has ended it. The other side may have hung up its half long before. */
  #ended = false;
  /** Of the frame that was under way at the end. */
  #lastSlot: Slot | undefined;
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
    if (chunk.buffer === this.#target?.buffer) {
      this.#intake.receiver.filled(chunk.length);
      return true;
    }
    return this.#guarded(() => this.#intake.feed(chunk));
  }

  /** A long frame is read to where it is assembled. */
  target(): Uint8Array | undefined {
    const { rest } = this.#intake.receiver;
    this.#target = rest !== undefined && rest.length >= SOCKET_READ_BYTES ? rest : undefined;
    return this.#target;
  }

  resume(): void {
    if (this.#guarded(() => this.#intake.resume())) this.socket.resume();
  }

  send(head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    if (this.#reason !== undefined || !this.socket.writable) {
      done.fail({ part: 'port', kind: 'closed', text: this.#reason ?? 'the connection is closed' });
      return;
    }
    const messageBytes = head.length + (payload?.length ?? 0);
    const parts = head.length <= COPIED_HEAD_BYTES ? [prefixed(head, messageBytes)] : [encodeLengthPrefix(messageBytes), head];
    if (payload !== undefined && payload.length > 0) parts.push(payload);
    this.#queue.push({ parts, wireBytes: varintBytes(messageBytes) + messageBytes, done });
    if (this.#sending) return;
    this.#sending = true;
    // At the end of the turn, so that all that the card sends in one go shares a system call.
    process.nextTick(() => { this.#sendBatch(); });
  }

  /** Lets what was sent go out, for a moment: a refusal should be read by whom it is for. */
  close(): void {
    this.#end('closed by this card');
  }

  /** Gathers what is queued into one write, up to a limit, and goes on when that is out. */
  #sendBatch(): void {
    let batchBytes = 0;
    let frames = 0;
    for (const { wireBytes } of this.#queue) {
      if (frames > 0 && batchBytes + wireBytes > SEND_BATCH_BYTES) break;
      batchBytes += wireBytes;
      frames += 1;
    }
    this.#sending = frames > 0;
    if (!this.#sending) {
      if (this.#reason !== undefined) this.socket.end();
      return;
    }
    this.socket.cork();
    this.#queue.splice(0, frames).forEach((frame, index) => { this.#write(frame, index === frames - 1); });
    this.socket.uncork();
  }

  #write({ parts, wireBytes, done }: Outgoing, lastOfBatch: boolean): void {
    const last = parts.length - 1;
    parts.forEach((part, index) => {
      if (index < last) {
        this.socket.write(part);
        return;
      }
      this.socket.write(part, (error) => {
        if (error === null || error === undefined) done.succeed(wireBytes);
        else done.fail({ part: 'port', kind: 'closed', text: this.#reason ?? errorText(error) });
        if (lastOfBatch) this.#sendBatch();
      });
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
    if (this.#ended) return;
    this.#ended = true;
    this.#reason ??= reason;
    this.#lastSlot = this.#intake.end();
    // No view outlives its buffer (rule 10): the one that the socket still reads into comes back when that is closed.
    if (this.#target === undefined) this.#giveBackLastSlot();
    // What was sent still goes out; without that, the end is now.
    if (!this.#sending) this.socket.end();
    // What still comes in is read and dropped: unread bytes would turn the ending into a reset.
    this.socket.resume();
    this.#graceTimer = setTimeout(() => { this.socket.destroy(); }, CLOSE_GRACE_MS);
  }

  #giveBackLastSlot(): void {
    const slot = this.#lastSlot;
    this.#lastSlot = undefined;
    if (slot !== undefined) this.hub.giveBack(slot);
  }

  #closed(): void {
    clearTimeout(this.#graceTimer);
    this.#lastSlot ??= this.#intake.end();
    this.#giveBackLastSlot();
    const reason = (this.#reason ??= 'the connection was closed');
    for (const { done } of this.#queue.splice(0)) done.fail({ part: 'port', kind: 'closed', text: reason });
    this.hub.closed(this.connection, reason);
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
