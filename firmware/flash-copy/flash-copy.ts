import { create } from '@bufbuild/protobuf';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { FlashCopySchema } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { FlashCopyState } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { CardCore } from '../core.js';
import { CommandError } from '../errors.js';
import type { BufferPool } from '../kernel/buffer-pool.js';
import { PartError, type Task } from '../kernel/pending.js';
import { sameBytes } from '../kernel/same-bytes.js';
import { Semaphore, Shared } from '../kernel/sync.js';
import type { Control } from '../metadata/control-store.js';
import { newId } from '../metadata/format.js';
import type { Position } from '../metadata/position-store.js';
import { StoreIndex } from './store-index.js';

/**
 * FlashCopy (202): an image of the volume as of T0, there at once. A grain of T0 is zeroes where nothing
 * was ever written, its copy in the store where hosts have overwritten it since, and otherwise the
 * volume's own grain, seen through a pointer.
 *
 * What T0 is stands in the control block alone. At no instant is T0 durably there and one of its grains
 * gone: whatever keeps a grain from being saved ends T0 durably before the host write goes on (rule 6).
 */
export class FlashCopy {
  readonly #index: StoreIndex;
  readonly #storeFlush: Shared;
  /** Taking, ending and the export's positions: one at a time, so that none outlives its T0. */
  readonly #turn: Semaphore;
  #preserving = 0;
  #changing: FlashCopyState.PREPARING | FlashCopyState.STOPPING | undefined;

  /** @param buffers of MAX_TRANSFER_BYTES each, for copy-on-write. */
  constructor(
    private readonly core: CardCore,
    private readonly buffers: BufferPool,
  ) {
    const { loop, hal, state } = core;
    this.#index = new StoreIndex(loop, hal.nvram, state.layout.t0Index, state.t0Index, state.layout.storeSlots, state.layout.grains);
    this.#storeFlush = new Shared(loop, () => loop.run<void>((done) => { hal.store.flush(done); }));
    this.#turn = new Semaphore(loop, 1);
  }

  /** Once at boot, before any host write: finds what the store holds. An index that cannot be right ends T0. */
  *recover(): Task {
    if (this.active && !this.#index.load()) yield* this.end(Status.FLASH_COPY_DAMAGED);
  }

  /** Whether there is a T0. */
  get active(): boolean {
    return this.t0Id !== undefined;
  }

  /** Which T0 there is. */
  get t0Id(): Uint8Array | undefined {
    return t0IdOf(this.core.state.control.current);
  }

  get grainsInStore(): number {
    return this.active ? this.#index.size : 0;
  }

  /** Grains that the store can hold. */
  get capacity(): number {
    return this.#index.capacity;
  }

  state(): FlashCopyState {
    if (this.#changing !== undefined) return this.#changing;
    if (this.active) return FlashCopyState.COPYING;
    const ended = this.core.state.control.current.flashCopy?.ended ?? Status.UNSPECIFIED;
    return ended === Status.UNSPECIFIED ? FlashCopyState.IDLE_OR_COPIED : FlashCopyState.STOPPED;
  }

  /**
   * Whether the grain must be preserved before it is overwritten. Once false for a write that has passed
   * the gate of host writes, it stays false for it.
   */
  needsCopy(grain: number): boolean {
    if (!this.active || this.#index.slotOf(grain) !== undefined) return false;
    const { t0Written, position } = this.core.state;
    // Where even the older export position lies beyond the grain, a medium holds it for good.
    return t0Written.has(grain) && this.#endOf(grain) > position.sparedBytes;
  }

  /**
   * Copy-on-write: the grain's T0 content is durable in the store, or T0 has durably ended, when this
   * returns. The caller is within the gate of host writes and holds the lock of the whole grain.
   *
   * @throws PartError when NVRAM cannot even hold the end of T0: then the grain must not be overwritten.
   */
  *preserve(grain: number): Task {
    if (!this.needsCopy(grain)) return;
    this.#preserving += 1;
    try {
      const slot = this.#index.reserve();
      if (slot === undefined) yield* this.end(Status.FLASH_COPY_STORE_FULL);
      else yield* this.#save(grain, slot);
    } finally {
      this.#preserving -= 1;
    }
  }

  /**
   * Takes T0. The caller keeps the gate of host writes closed (rule 6).
   *
   * @throws CommandError FLASH_COPY_ACTIVE when there is one; PartError.
   */
  *take(): Task {
    yield* this.#turn.acquire();
    try {
      if (this.active) throw new CommandError(Status.FLASH_COPY_ACTIVE);
      if (this.#preserving > 0) throw new Error('T0 was taken with host writes in flight');
      this.#changing = FlashCopyState.PREPARING;
      const { state, volume, hal } = this.core;
      yield* volume.flush();
      yield* this.#index.clear();
      yield* state.position.clear();
      yield* state.t0Written.copyFrom(state.written);
      const t0Id = newId(hal);
      yield* state.control.commit((draft) => {
        draft.flashCopy = create(FlashCopySchema, { t0Id, generation: draft.identity.generation });
      });
    } finally {
      this.#changing = undefined;
      this.#turn.release();
    }
  }

  /**
   * Ends T0, durably when this returns. `status` says why; UNSPECIFIED (0) when it has served its purpose.
   *
   * @param t0Id only this one, when given.
   */
  *end(status: Status, t0Id?: Uint8Array): Task {
    yield* this.#turn.acquire();
    try {
      const current = this.t0Id;
      if (current === undefined || (t0Id !== undefined && !sameBytes(current, t0Id))) return;
      this.#changing = FlashCopyState.STOPPING;
      yield* this.core.state.control.commit((draft) => {
        draft.flashCopy = create(FlashCopySchema, { ended: status });
      });
      this.#index.forget();
    } finally {
      this.#changing = undefined;
      this.#turn.release();
    }
  }

  /**
   * Reads T0. The lock excludes an overwrite, and so a preserve, of what is read through the pointer (rule 6).
   *
   * @throws CommandError with the reason when T0 `t0Id` has ended: then `into` means nothing.
   */
  *readT0(t0Id: Uint8Array, offsetBytes: number, into: Uint8Array): Task {
    const end = offsetBytes + into.length;
    const lock = yield* this.core.locks.acquire(offsetBytes, end);
    try {
      this.mustBe(t0Id);
      let at = offsetBytes;
      while (at < end) {
        const stop = this.#runEnd(at, end);
        yield* this.#readRun(at, into.subarray(at - offsetBytes, stop - offsetBytes));
        at = stop;
      }
      // Until here hosts had to save what they overwrote.
      this.mustBe(t0Id);
    } finally {
      this.core.locks.release(lock);
    }
  }

  /** Names the medium to which `t0Id` is exported. */
  *bindMedium(t0Id: Uint8Array, mediumId: Uint8Array): Task {
    yield* this.core.state.control.commit((draft) => {
      const flashCopy = draft.flashCopy;
      if (flashCopy === undefined || !sameBytes(flashCopy.t0Id, t0Id)) throw endOfT0(draft);
      flashCopy.mediumId = mediumId;
    });
  }

  /** Makes the export's position durable: what lies before it is durable on the medium. */
  *advance(t0Id: Uint8Array, position: Position): Task {
    yield* this.#turn.acquire();
    try {
      this.mustBe(t0Id);
      yield* this.core.state.position.advance(position);
    } finally {
      this.#turn.release();
    }
  }

  /** The medium of `t0Id` is complete: the card knows its root. Before the seal, see medium/export.ts. */
  *recordRoot(t0Id: Uint8Array, root: Uint8Array): Task {
    yield* this.core.state.control.commit((draft) => {
      const current = t0IdOf(draft);
      if (current === undefined || !sameBytes(current, t0Id)) throw endOfT0(draft);
      draft.identity.mediumRoot = root;
    });
  }

  /** @throws CommandError with the reason when T0 `t0Id` has ended. */
  mustBe(t0Id: Uint8Array): void {
    const current = this.t0Id;
    if (current === undefined || !sameBytes(current, t0Id)) throw endOfT0(this.core.state.control.current);
  }

  *#save(grain: number, slot: number): Task {
    try {
      yield* this.#copyToStore(grain, slot);
      // Rule 6: the old grain is durable in the store, then known to be there, then overwritten.
      yield* this.#storeFlush.run();
      yield* this.#index.record(slot, grain);
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      yield* this.end(Status.FLASH_COPY_DAMAGED);
    }
  }

  *#copyToStore(grain: number, slot: number): Task {
    const { loop, hal, volume } = this.core;
    const from = grain * volume.grainBytes;
    const to = slot * volume.grainBytes;
    const length = volume.grainLength(grain);
    const buffer = yield* this.buffers.acquire();
    try {
      for (let at = 0; at < length; at += buffer.length) {
        const piece = buffer.subarray(0, Math.min(buffer.length, length - at));
        yield* volume.read(from + at, piece);
        yield* loop.run<void>((done) => { hal.store.write(to + at, piece, done); });
      }
    } finally {
      this.buffers.release(buffer);
    }
  }

  /** Where what stands at `at` of T0 stops being in one place: in bytes of the volume, and at most `end`. */
  #runEnd(at: number, end: number): number {
    const { t0Written } = this.core.state;
    const { grainBytes } = this.core.volume;
    const grain = Math.floor(at / grainBytes);
    if (!t0Written.has(grain)) return Math.min(end, t0Written.nextSet(grain) * grainBytes);
    let next = grain + 1;
    if (this.#index.slotOf(grain) === undefined) {
      while (next * grainBytes < end && t0Written.has(next) && this.#index.slotOf(next) === undefined) next += 1;
    }
    return Math.min(end, next * grainBytes);
  }

  *#readRun(at: number, into: Uint8Array): Task {
    const { loop, hal, volume, state } = this.core;
    const grain = Math.floor(at / volume.grainBytes);
    const slot = this.#index.slotOf(grain);
    if (!state.t0Written.has(grain)) {
      into.fill(0);
    } else if (slot === undefined) {
      yield* volume.read(at, into);
    } else {
      const offsetBytes = slot * volume.grainBytes + (at - grain * volume.grainBytes);
      yield* loop.run<void>((done) => { hal.store.read(offsetBytes, into, done); });
    }
  }

  #endOf(grain: number): number {
    return grain * this.core.volume.grainBytes + this.core.volume.grainLength(grain);
  }
}

function t0IdOf(control: Control): Uint8Array | undefined {
  const t0Id = control.flashCopy?.t0Id;
  return t0Id === undefined || t0Id.length === 0 ? undefined : t0Id;
}

/** Why the T0 that a task worked with is no more. */
function endOfT0(control: Control): CommandError {
  const ended = control.flashCopy?.ended ?? Status.UNSPECIFIED;
  return new CommandError(ended === Status.UNSPECIFIED ? Status.FLASH_COPY_STOPPED : ended);
}
