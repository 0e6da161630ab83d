import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Card } from '../../../firmware/card.js';
import { administer } from '../../../firmware/commands/admin.js';
import type { CardComponents } from '../../../firmware/components.js';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import type { Task } from '../../../firmware/kernel/pending.js';
import type { Geometry } from '../../../firmware/metadata/nvram-layout.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { type AdminRequest, AdminRequestSchema, type AdminResponse, type CardStatus } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { formatCard } from '../../../firmware/metadata/format.js';
import { EventLoop } from '../../../firmware/kernel/event-loop.js';
import { DurableView } from './durable-view.js';
import { launch, MemoryBoard, run } from './memory-hal.js';
import type { MemoryPeerPort, MemoryWire } from './memory-link.js';

export type AdminBody = NonNullable<MessageInitShape<typeof AdminRequestSchema>['request']>;

/** Something that runs on a card; a cut ends it without an outcome. */
export interface Running<T> {
  readonly ended: boolean;
  result(): T;
}

/** One card of a pair, with its board. The board outlives the card: a reboot makes a new one. */
export class PairSide {
  readonly board: MemoryBoard;
  readonly port: MemoryPeerPort;
  readonly durable: DurableView;
  #card: Card | undefined;
  /** Its completion ring is not empty. */
  #ready = false;

  constructor(
    readonly name: string,
    wire: MemoryWire,
    geometry: Geometry,
    seed: number,
  ) {
    const port = wire.port(name, () => this.on);
    this.port = port;
    this.board = new MemoryBoard(geometry, seed, { peer: port });
    this.durable = new DurableView(this.board);
  }

  get on(): boolean {
    return this.board.power.on && this.#card !== undefined;
  }

  get card(): Card {
    if (this.#card === undefined) throw new Error(`${this.name} is off`);
    return this.#card;
  }

  get components(): CardComponents {
    const { components } = this.card;
    if (components === undefined) throw new Error(`${this.name} has not come up`);
    return components;
  }

  get isUp(): boolean {
    return this.on && this.#card?.components !== undefined;
  }

  format(): void {
    const loop = new EventLoop(this.board.clock, () => undefined);
    run(loop, formatCard(loop, this.board.hal, this.board.geometry));
  }

  boot(): void {
    const card = new Card(this.board.hal, () => { this.#ready = true; });
    this.#card = card;
    this.#ready = false;
    card.boot();
  }

  /** Takes one completion off the ring; false when there was none. A card without power does nothing. */
  step(): boolean {
    if (!this.on || !this.#ready) return false;
    this.#ready = this.card.step(1);
    return true;
  }

  get canStep(): boolean {
    return this.on && this.#ready;
  }

  /** Cuts the power now (or it was cut already), and loses what a cut loses. The card is gone until {@link boot}. */
  powerOff(options: { readonly silent?: boolean; readonly keep?: () => boolean; readonly damage?: boolean } = {}): void {
    const { power, random, nvram } = this.board;
    const { cutIn } = power;
    power.on = false;
    this.#card = undefined;
    this.#ready = false;
    this.port.powerLost(random, options.silent);
    if (options.damage === true && cutIn?.part === 'nvram') {
      // Each line of the persist that was under way: old, new, or damaged.
      for (let at = 0; at < cutIn.lengthBytes; at += NVRAM_LINE_BYTES) {
        if (random() < 0.5) nvram.damagedLines.add((cutIn.offsetBytes + at) / NVRAM_LINE_BYTES);
      }
    }
    this.board.powerCycle(options.keep);
  }

  write(offsetBytes: number, from: Uint8Array, fua = false): Running<void> {
    return this.launch(this.components.io.write(offsetBytes, from, fua));
  }

  zero(offsetBytes: number, lengthBytes: number, fua = false): Running<void> {
    return this.launch(this.components.io.zero(offsetBytes, lengthBytes, fua));
  }

  flush(): Running<void> {
    return this.launch(this.components.io.flush());
  }

  read(offsetBytes: number, into: Uint8Array): Running<void> {
    return this.launch(this.components.io.read(offsetBytes, into));
  }

  admin(request: AdminBody): Running<AdminResponse> {
    const message: AdminRequest = create(AdminRequestSchema, { request });
    return this.launch(administer(this.components.admin, message));
  }

  /** Starts a task of a test on the card. */
  launch<T>(task: Task<T>): Running<T> {
    return launch(this.card.loop, task);
  }

  /** Asks now: the answer needs no wait. */
  status(): CardStatus {
    const asked = this.admin({ case: 'getStatus', value: {} });
    const { status, result } = asked.result();
    if (status !== Status.SUCCESS || result.case !== 'cardStatus') throw new Error('no status');
    return result.value;
  }
}
