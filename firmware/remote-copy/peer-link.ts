import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { encodeHead } from '../../protos/framing/gathered-message.js';
import { type LinkFrame, LinkFrameSchema } from '../../protos/gen/grainlink/link/v1/link_pb.js';
import type { DmaMemory, PeerPort, PortEvent } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import { type Task, wait } from '../kernel/pending.js';
import { ReceiveSlot } from '../kernel/receive-slot.js';
import { FRAME_BUFFER_BYTES, LINK_RECEIVE_BUFFERS, MAX_PEER_CONNECTIONS } from '../limits.js';

export type LinkBody = NonNullable<MessageInitShape<typeof LinkFrameSchema>['body']>;

export const LINK_PROTOCOL_VERSION = 1;
const PAYLOAD_FIELD = 31;

export interface LinkEvents {
  /** Whether a session stands on the connection, or is being agreed by this card. */
  isNeeded(connection: number): boolean;
  /** The frame and its payload are valid until the task ends. */
  frame(connection: number, frame: LinkFrame): Task;
  closed(connection: number, reason: string): void;
}

/** Bytes on the online link since boot, payload (data) and all the rest (metadata) apart. */
export interface LinkCounters {
  dataBytesSent: number;
  metadataBytesSent: number;
  dataBytesReceived: number;
  metadataBytesReceived: number;
}

/** Frames over the online link (224): encoding, counting, and the ring of receive buffers. */
export class PeerLink {
  readonly counters: LinkCounters = { dataBytesSent: 0, metadataBytesSent: 0, dataBytesReceived: 0, metadataBytesReceived: 0 };
  readonly #open = new Set<number>();
  /** Receive buffers that wait for an event. */
  #posted = 0;

  constructor(
    private readonly loop: EventLoop,
    private readonly port: PeerPort,
    private readonly memory: DmaMemory,
  ) {}

  /** Whether frames may be waiting that this card has no buffer for: then silence is its own. */
  get isFull(): boolean {
    return this.#posted === 0;
  }

  get listening(): boolean {
    return this.port.listening;
  }

  /** What comes in is worked off in a task of its own, before its buffer is posted again. */
  start(events: LinkEvents): void {
    const { loop, port, memory } = this;
    const name = 'link-receive';
    const arrived = (event: PortEvent, slot: ReceiveSlot): void => {
      this.#posted -= 1;
      loop.spawn(name, this.#received(event, slot, events));
    };
    const reception = { loop, port, name, arrived };
    for (let i = 0; i < LINK_RECEIVE_BUFFERS; i += 1) this.#post(new ReceiveSlot(reception, memory.take(FRAME_BUFFER_BYTES)));
  }

  dial(address: string): Task<number> {
    return this.loop.run<number>((done) => { this.port.dial(address, done); });
  }

  close(connection: number): void {
    this.port.close(connection);
  }

  maxPayloadBytes(connection: number): number {
    return this.port.maxPayloadBytes(connection);
  }

  /**
   * Sends a frame, and returns when its memory may be used again. Frames go out in the order of the calls.
   * @throws PartError `closed`.
   */
  *send(connection: number, session: bigint, sequence: number, body: LinkBody, payload?: Uint8Array): Task {
    const head = encodeHead(LinkFrameSchema, create(LinkFrameSchema, { session, sequence, body }), PAYLOAD_FIELD, payload?.length ?? 0);
    const wireBytes = yield* wait(this.loop.start<number>((done) => { this.port.send(connection, head, payload, done); }));
    const dataBytes = payload?.length ?? 0;
    this.counters.dataBytesSent += dataBytes;
    this.counters.metadataBytesSent += wireBytes - dataBytes;
  }

  /** Of those that no session needs: whoever connects and says nothing must not keep the secondary out (rule 18). */
  #closeOldest(events: LinkEvents): void {
    for (const connection of this.#open) {
      if (events.isNeeded(connection)) continue;
      this.#open.delete(connection);
      this.port.close(connection);
      return;
    }
  }

  #post(slot: ReceiveSlot): void {
    this.#posted += 1;
    slot.post();
  }

  *#received(event: PortEvent, slot: ReceiveSlot, events: LinkEvents): Task {
    switch (event.kind) {
      case 'opened':
        this.#open.add(event.connection);
        if (this.#open.size > MAX_PEER_CONNECTIONS) this.#closeOldest(events);
        break;
      case 'closed':
        this.#open.delete(event.connection);
        events.closed(event.connection, event.reason);
        break;
      case 'frame': {
        const frame = decode(slot.buffer.subarray(0, event.lengthBytes));
        if (frame === undefined) {
          this.port.close(event.connection);
          break;
        }
        this.counters.dataBytesReceived += frame.payload.length;
        this.counters.metadataBytesReceived += event.wireBytes - frame.payload.length;
        yield* events.frame(event.connection, frame);
        break;
      }
    }
    this.#post(slot);
  }
}

/** The frame, or undefined when the bytes are none: the sender does not speak this protocol. */
function decode(bytes: Uint8Array): LinkFrame | undefined {
  try {
    const frame = fromBinary(LinkFrameSchema, bytes);
    return frame.body.case === undefined || frame.volume !== 0 ? undefined : frame;
  } catch {
    return undefined;
  }
}
