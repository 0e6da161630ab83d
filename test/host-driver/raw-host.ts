import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type CardFrame,
  CardFrameSchema,
  type CommandSchema,
  type Completion,
  type Connected,
  HostFrameSchema,
} from '../../protos/gen/grainlink/host/v1/host_pb.js';
import type { Transport } from '../../host-driver/transport.js';

/** A host without a driver, to send what a driver never would. */
export class RawHost {
  readonly #frames: CardFrame[] = [];
  #arrived: (() => void) | undefined;
  #closed = false;
  #connected: Connected | undefined;

  constructor(private readonly transport: Transport) {
    transport.onFrame((frame) => {
      this.#frames.push(fromBinary(CardFrameSchema, frame.slice()));
      this.#arrived?.();
    });
    transport.onClose(() => {
      this.#closed = true;
      this.#arrived?.();
    });
  }

  /** The card's answer to Connect. */
  get connected(): Connected {
    if (this.#connected === undefined) throw new Error('not connected');
    return this.#connected;
  }

  /** Opens the queue pairs, over a line that may lose frames or bring old ones. */
  async connect(nonce: number, queueDepth = 32): Promise<void> {
    const send = (): void => { this.send({ case: 'connect', value: { version: 1, queueDepth, nonce } }); };
    const again = this.transport.lossy ? setInterval(send, 250) : undefined;
    send();
    for (;;) {
      const { body } = await this.next();
      if (body.case !== 'connected' || body.value.nonce !== nonce) continue;
      clearInterval(again);
      this.#connected = body.value;
      return;
    }
  }

  command(command: MessageInitShape<typeof CommandSchema>, payload?: Uint8Array): void {
    this.send({ case: 'command', value: command }, payload);
  }

  send(body: NonNullable<MessageInitShape<typeof HostFrameSchema>['body']>, payload: Uint8Array = new Uint8Array(0)): void {
    this.transport.send([toBinary(HostFrameSchema, create(HostFrameSchema, { body, payload }))]);
  }

  sendBytes(frame: Uint8Array): void {
    this.transport.send([frame]);
  }

  async next(): Promise<CardFrame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.#closed) throw new Error('the card ended the connection');
      await new Promise<void>((resolve) => { this.#arrived = resolve; });
    }
  }

  /** The next `count` completions, in the order in which they came. */
  async completions(count: number): Promise<Completion[]> {
    const completions: Completion[] = [];
    while (completions.length < count) {
      const { body } = await this.next();
      if (body.case === 'completion') completions.push(body.value);
    }
    return completions;
  }

  close(): void {
    this.transport.close();
  }
}
