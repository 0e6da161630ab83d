import { fromBinary } from '@bufbuild/protobuf';
import { type CardFrame, CardFrameSchema } from '../../../protos/gen/grainlink/host/v1/host_pb.js';
import type { Completion, FramePort, PortEvent } from '../../../firmware/hal.js';

interface Slot {
  readonly buffer: Uint8Array;
  readonly done: Completion<PortEvent>;
}

interface Sending {
  readonly connection: number;
  readonly head: Uint8Array;
  readonly payload: Uint8Array | undefined;
  readonly done: Completion<number>;
}

/** A port whose hosts a test plays. What the card sends stays on its way until the host reads it. */
export class ScriptedPort implements FramePort {
  readonly posted: Slot[] = [];
  readonly closedByCard: number[] = [];
  payloadLimitBytes = 1 << 20;
  /** Events that found no buffer. */
  #waiting: { readonly event: PortEvent; readonly bytes: Uint8Array }[] = [];
  #sending: Sending[] = [];
  #open = new Set<number>();

  receive(buffer: Uint8Array, done: Completion<PortEvent>): void {
    this.posted.push({ buffer, done });
    const next = this.#waiting.shift();
    if (next !== undefined) this.#tell(next.event, next.bytes);
  }

  send(connection: number, head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    if (this.#open.has(connection)) this.#sending.push({ connection, head, payload, done });
    else done.fail({ part: 'port', kind: 'closed', text: 'the connection is closed' });
  }

  close(connection: number): void {
    this.closedByCard.push(connection);
    this.hostCloses(connection);
  }

  maxPayloadBytes(): number {
    return this.payloadLimitBytes;
  }

  hostOpens(connection: number): void {
    this.#open.add(connection);
    this.#tell({ kind: 'opened', connection, remote: 'a test' }, new Uint8Array(0));
  }

  hostSends(connection: number, frame: Uint8Array): void {
    this.#tell({ kind: 'frame', connection, lengthBytes: frame.length, wireBytes: frame.length }, frame);
  }

  hostCloses(connection: number): void {
    if (!this.#open.delete(connection)) return;
    const lost = this.#sending.filter((sending) => sending.connection === connection);
    this.#sending = this.#sending.filter((sending) => sending.connection !== connection);
    for (const { done } of lost) done.fail({ part: 'port', kind: 'closed', text: 'the connection is closed' });
    this.#tell({ kind: 'closed', connection, reason: 'a test' }, new Uint8Array(0));
  }

  /** Frames on their way to a host. */
  underWay(connection: number): number {
    return this.#sending.filter((sending) => sending.connection === connection).length;
  }

  /** The host reads one frame, and the card is told that it is sent. */
  hostReads(connection: number): CardFrame | undefined {
    const read = this.hostReadsBehindTheCard(connection);
    read?.tell();
    return read?.frame;
  }

  /** The host reads one frame; the card hears of it when the test says so. */
  hostReadsBehindTheCard(connection: number): { readonly frame: CardFrame; tell(): void } | undefined {
    const index = this.#sending.findIndex((sending) => sending.connection === connection);
    const sending = this.#sending[index];
    if (sending === undefined) return undefined;
    this.#sending.splice(index, 1);
    const { head, payload, done } = sending;
    const bytes = new Uint8Array(head.length + (payload?.length ?? 0));
    bytes.set(head);
    if (payload !== undefined) bytes.set(payload, head.length);
    return { frame: fromBinary(CardFrameSchema, bytes), tell: () => { done.succeed(bytes.length); } };
  }

  #tell(event: PortEvent, bytes: Uint8Array): void {
    const slot = this.posted.shift();
    if (slot === undefined) {
      this.#waiting.push({ event, bytes: bytes.slice() });
      return;
    }
    slot.buffer.set(bytes);
    slot.done.succeed(event);
  }
}
