import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { Role } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type ControlBlock, ControlBlockSchema, type Identity } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import type { Digest, Hal } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import { Semaphore, Shared } from '../kernel/sync.js';
import { CONTROL_BLOCK_BYTES } from '../limits.js';
import type { Geometry, Region } from './nvram-layout.js';
import { openRecord, sealRecord } from './sealed-record.js';
import { sameButForCounter, type SuperblockStore } from './superblock.js';

export const CONTROL_BLOCK_VERSION = 1;

/** A control block whose identity is known to be there. */
export type Control = ControlBlock & { identity: Identity };

/**
 * The control block: what the card is and wishes, durable in two NVRAM copies. Both are written at each
 * commit, so that one stale copy never brings an older state back (rule 14). While the card recovers it may be the
 * damaged one alone.
 */
export class ControlStore {
  #current: Control;
  /** Of the newest block that may have reached NVRAM. */
  #sequence: bigint;
  readonly #turn: Semaphore;
  /** Where a block is laid out for NVRAM. */
  readonly #place: Uint8Array;
  /** The copies that a commit writes. */
  #regions: readonly Region[];
  #timesUnreadable = 0;
  /** Copies that may hold a change that was refused, and that could not be taken back. */
  readonly #unsure = new Set<Region>();
  /** Whether there are any, or a superblock that may. */
  #isUnsure = false;
  /** For all who wait for it, together. */
  readonly #takingBack: Shared;

  /** @param regions of the copies that are written until {@link evenOut}. */
  constructor(
    private readonly loop: EventLoop,
    private readonly hal: Pick<Hal, 'nvram' | 'digest' | 'memory'>,
    regions: readonly Region[],
    private readonly superblock: SuperblockStore,
    private readonly geometry: Geometry,
    initial: Control,
  ) {
    this.#regions = regions;
    this.#current = initial;
    this.#sequence = initial.sequence;
    this.#turn = new Semaphore(loop, 1);
    this.#takingBack = new Shared(loop, () => this.rewrite());
    this.#place = hal.memory.take(CONTROL_BLOCK_BYTES);
  }

  /** What is durable now. Read it anew after each yield; never change it in place. */
  get current(): Control {
    return this.#current;
  }

  /** How often since power-up hosts could read no longer (rule 12): also where they can again. */
  get timesUnreadable(): number {
    return this.#timesUnreadable;
  }

  /**
   * Changes the durable state: `current` shows the change once NVRAM holds it, and the superblock what it keeps of
   * it. Nothing has changed where it throws.
   * @param change sets fields of the draft anew. What is behind them is the current state's too.
   */
  commit(change: (draft: Control) => void): Task {
    return this.#commit(change, false);
  }

  /** Writes what is there already, to the superblock too: at format, and where it may not be there. */
  rewrite(): Task {
    return this.#commit(() => undefined, true);
  }

  *#commit(change: (draft: Control) => void, writesSuperblock: boolean): Task {
    yield* this.#turn.acquire();
    try {
      const draft = draftOf(this.#current);
      change(draft);
      const withSuperblock = writesSuperblock || this.#isUnsure || !sameButForCounter(this.#current, draft);
      try {
        yield* this.#store(draft, withSuperblock);
      } catch (error) {
        // Some of it may be durable. It did not happen, so what was before has to be the newest again.
        this.#isUnsure = true;
        for (const region of this.#regions) this.#unsure.add(region);
        yield* this.#store(this.#current, withSuperblock);
        throw error;
      }
      if (isReadable(this.#current) && !isReadable(draft)) this.#timesUnreadable += 1;
      this.#current = draft;
    } finally {
      this.#turn.release();
    }
  }

  /**
   * Returns once no cut can bring back a change that was refused: before that nobody may act on what is `current`.
   * @throws PartError where NVRAM or disk still refuse to take it back.
   */
  *settle(): Task {
    if (this.#isUnsure) yield* this.#takingBack.run();
  }

  *#store(control: Control, withSuperblock: boolean): Task {
    yield* this.#persist(control);
    if (withSuperblock) yield* this.superblock.write(control, this.geometry);
    this.#isUnsure = false;
  }

  /** The card has recovered: all of these copies are written from now on, and one that was not becomes like the others. */
  *evenOut(regions: readonly Region[]): Task {
    const left = regions.filter((region) => !this.#regions.includes(region));
    this.#regions = regions;
    if (left.length === 0) return;
    // The machine must not lose with this one that the other counts again.
    yield* this.#flush();
    this.#seal(this.#current);
    yield* this.#write(left);
  }

  *#persist(control: Control): Task {
    this.#sequence += 1n;
    control.sequence = this.#sequence;
    this.#seal(control);
    // What is durable when it says so has to outlive the machine as it does.
    yield* this.#flush();
    // Those first that must not be left alone, should a cut tear what is being written.
    yield* this.#write([...this.#unsure, ...this.#regions.filter((region) => !this.#unsure.has(region))]);
  }

  #seal(control: Control): void {
    sealRecord(this.hal.digest, toBinary(ControlBlockSchema, control), this.#place);
  }

  *#write(regions: readonly Region[]): Task {
    for (const region of regions) {
      yield* this.loop.run<void>((done) => { this.hal.nvram.persist(region.offsetBytes, this.#place, done); });
      // Against the loss of the machine too, which may tear whatever is not flushed: one copy at most (rule 14).
      yield* this.#flush();
      this.#unsure.delete(region);
    }
  }

  *#flush(): Task {
    yield* this.loop.run<void>((done) => { this.hal.nvram.flush(done); });
  }
}

/**
 * Whether hosts may read (rule 12): at a secondary what is consistent alone. With access it is its hosts' own volume,
 * whatever damage has done to the label since.
 */
export function isReadable({ identity, consistent, access }: Control): boolean {
  return identity.role !== Role.SECONDARY || consistent || access;
}

function draftOf(control: Control): Control {
  const { identity, flashCopy } = control;
  const draft = { ...control, identity: { ...identity } };
  return flashCopy === undefined ? draft : { ...draft, flashCopy: { ...flashCopy } };
}

/**
 * The newest valid copy in an NVRAM image, and where the others are lost, or older: a cut came between the two, or one
 * is stale.
 */
export function readControlBlocks(
  digest: Digest,
  image: Uint8Array,
  regions: readonly Region[],
  isDamaged: (region: Region) => boolean,
): { control: Control | undefined; behind: readonly Region[] } {
  const copies = regions.map((region) => ({ region, found: isDamaged(region) ? undefined : readControlBlock(digest, image, region) }));
  const control = newestOf(copies.map(({ found }) => found));
  const behind = copies.filter(({ found }) => found === undefined || found.sequence !== control?.sequence);
  return { control, behind: behind.map(({ region }) => region) };
}

/** The one that counts. */
export function newestOf(copies: readonly (Control | undefined)[]): Control | undefined {
  return copies.reduce((best, copy) => (best === undefined || (copy !== undefined && copy.sequence > best.sequence) ? copy : best), undefined);
}

/** One copy, if it is valid. */
export function readControlBlock(digest: Digest, image: Uint8Array, region: Region): Control | undefined {
  const record = openRecord(digest, image.subarray(region.offsetBytes, region.offsetBytes + region.lengthBytes));
  if (record === undefined) return undefined;
  try {
    // A copy, since the message's byte fields would be views of the image.
    const block = fromBinary(ControlBlockSchema, record.slice());
    return block.version === CONTROL_BLOCK_VERSION && block.identity !== undefined ? (block as Control) : undefined;
  } catch {
    return undefined;
  }
}
