import { create } from '@bufbuild/protobuf';
import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { ControlBlockSchema, IdentitySchema, LoadState } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import type { Hal } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import { CONTROL_BLOCK_VERSION, type Control, ControlStore } from './control-store.js';
import { type Geometry, geometryError, layoutOf } from './nvram-layout.js';
import { SuperblockStore } from './superblock.js';

export const ID_BYTES = 16;

/**
 * Makes a standalone card of blank parts: maps empty, so that every grain reads as zeroes, and a new
 * identity. The identity comes last: a cut before it leaves a card that is not formatted.
 *
 * @throws Error when {@link geometryError} finds fault with the geometry; check before.
 */
export function* formatCard(loop: EventLoop, hal: Hal, geometry: Geometry): Task {
  const wrong = geometryError(geometry);
  if (wrong !== undefined) throw new Error(wrong);
  const layout = layoutOf(geometry);
  const blank = new Uint8Array(hal.nvram.sizeBytes);
  yield* loop.run<void>((done) => { hal.nvram.persist(0, blank, done); });
  const initial = create(ControlBlockSchema, {
    version: CONTROL_BLOCK_VERSION,
    loadState: LoadState.NONE,
    consistent: true,
    identity: create(IdentitySchema, {
      cardId: newId(hal),
      volumeId: newId(hal),
      sizeBytes: BigInt(geometry.sizeBytes),
      grainBytes: geometry.grainBytes,
      role: Role.STANDALONE,
    }),
  }) as Control;
  const superblocks = new SuperblockStore(loop, hal);
  const control = new ControlStore(loop, hal, layout.controlBlocks, superblocks, geometry, initial);
  yield* control.rewrite();
  yield* loop.run<void>((done) => { hal.nvram.recovered(done); });
  yield* loop.run<void>((done) => { hal.nvram.flush(done); });
}

/** A random id. */
export function newId(hal: Pick<Hal, 'entropy'>): Uint8Array {
  const id = new Uint8Array(ID_BYTES);
  hal.entropy.fill(id);
  return id;
}
