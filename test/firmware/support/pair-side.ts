import { create } from '@bufbuild/protobuf';
import { DurableView } from '../../../emulator/simulation/durable-view.js';
import type { AdminBody } from '../../../emulator/simulation/sim-card.js';
import { administer } from '../../../firmware/commands/admin.js';
import type { CardComponents } from '../../../firmware/components.js';
import type { Task } from '../../../firmware/kernel/pending.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import type { Geometry } from '../../../firmware/metadata/nvram-layout.js';
import { AdminRequestSchema, type AdminResponse, type CardStatus } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { type Loss, type Surroundings, TestBoard } from './board.js';
import { launch, type Running } from './tasks.js';

/** One card of a pair, with its board. */
export class PairSide {
  readonly board: TestBoard;
  readonly durable: DurableView;

  constructor(
    readonly name: string,
    surroundings: Omit<Surroundings, 'name'>,
    geometry: Geometry,
    seed: number,
  ) {
    this.board = new TestBoard(geometry, seed, { ...surroundings, name });
    this.durable = new DurableView(this.board);
  }

  get components(): CardComponents {
    const { components } = this.board;
    if (components === undefined) throw new Error(`${this.name} is not up`);
    return components;
  }

  get isUp(): boolean {
    return this.board.components !== undefined;
  }

  /** Cuts the power now, unless it was cut already. */
  powerOff(loss?: Loss): void {
    this.board.lose(loss);
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
    return this.launch(administer(this.components.admin, create(AdminRequestSchema, { request })));
  }

  /** Starts a task of a test on the card. */
  launch<T>(task: Task<T>): Running<T> {
    return launch(this.components.core.loop, task);
  }

  /** Asks now: the answer needs no wait. */
  status(): CardStatus {
    return this.board.status();
  }

  /** The volume as it reads, through the written map. Unflushed blocks count as there. */
  volume(): Buffer {
    const bytes = Buffer.alloc(this.board.geometry.sizeBytes);
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) bytes.set(this.durable.content.block(at / BLOCK_BYTES).bytes, at);
    return bytes;
  }

  /** A byte of the disk, as it is durably. */
  durableByte(offsetBytes: number): number | undefined {
    return this.board.volume.durable.get(Math.floor(offsetBytes / BLOCK_BYTES)).bytes[offsetBytes % BLOCK_BYTES];
  }
}
