import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type ControlBlock,
  ControlBlockSchema,
  type Identity,
  IdentitySchema,
} from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import type { Digest, Hal } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import { sameBytes } from '../kernel/same-bytes.js';
import { Semaphore } from '../kernel/sync.js';
import { CONTROL_BLOCK_BYTES } from '../limits.js';
import type { Geometry, Region } from './nvram-layout.js';
import { openRecord, sealRecord } from './sealed-record.js';
import type { SuperblockStore } from './superblock.js';

export const CONTROL_BLOCK_VERSION = 1;

const IDENTITY_FIELDS = IdentitySchema.fields.map(({ localName }) => localName as keyof Identity);

/** A control block whose identity is known to be there. */
export type Control = ControlBlock & { identity: Identity };

/**
 * The control block: what the card is and wishes, durable in two NVRAM copies. Both are written at each
 * commit, so that one stale copy never brings an older state back (rule 14).
 */
export class ControlStore {
  #current: Control;
  /** Of the newest block that may have reached NVRAM. */
  #sequence: bigint;
  readonly #turn: Semaphore;
  /** Where a block is laid out for NVRAM. */
  readonly #place: Uint8Array;

  constructor(
    private readonly loop: EventLoop,
    private readonly hal: Pick<Hal, 'nvram' | 'digest' | 'memory'>,
    private readonly regions: readonly Region[],
    private readonly superblock: SuperblockStore,
    private readonly geometry: Geometry,
    initial: Control,
  ) {
    this.#current = initial;
    this.#sequence = initial.sequence;
    this.#turn = new Semaphore(loop, 1);
    this.#place = hal.memory.take(CONTROL_BLOCK_BYTES);
  }

  /** What is durable now. Read it anew after each yield; never change it in place. */
  get current(): Control {
    return this.#current;
  }

  /**
   * Changes the durable state: `current` shows the change once NVRAM holds it twice, and the superblock what is of the
   * identity. Nothing has changed where it throws.
   * @param change sets fields of the draft anew. What is behind them is the current state's too.
   */
  commit(change: (draft: Control) => void): Task {
    return this.#commit(change, false);
  }

  /** Writes both copies and the superblock as they are: after damage, and at format. */
  rewrite(): Task {
    return this.#commit(() => undefined, true);
  }

  *#commit(change: (draft: Control) => void, writesSuperblock: boolean): Task {
    yield* this.#turn.acquire();
    try {
      const draft = draftOf(this.#current);
      change(draft);
      const ofIdentity = writesSuperblock || !sameButForCounter(this.#current.identity, draft.identity);
      try {
        yield* this.#store(draft, ofIdentity);
      } catch (error) {
        // Some of it may be durable. It did not happen, so what was before has to be the newest again.
        yield* this.#store(this.#current, ofIdentity);
        throw error;
      }
      this.#current = draft;
    } finally {
      this.#turn.release();
    }
  }

  *#store(control: Control, withSuperblock: boolean): Task {
    yield* this.#persist(control);
    if (withSuperblock) yield* this.superblock.write(control.identity, this.geometry);
  }

  *#persist(control: Control): Task {
    this.#sequence += 1n;
    control.sequence = this.#sequence;
    sealRecord(this.hal.digest, toBinary(ControlBlockSchema, control), this.#place);
    for (const region of this.regions) {
      yield* this.loop.run<void>((done) => { this.hal.nvram.persist(region.offsetBytes, this.#place, done); });
      // Against the loss of the machine too, which may tear whatever is not flushed: one copy at most (rule 14).
      yield* this.loop.run<void>((done) => { this.hal.nvram.flush(done); });
    }
  }
}

function draftOf(control: Control): Control {
  const { identity, flashCopy } = control;
  const draft = { ...control, identity: { ...identity } };
  return flashCopy === undefined ? draft : { ...draft, flashCopy: { ...flashCopy } };
}

/**
 * The newest valid copy in an NVRAM image, and whether the other is lost, or older: a cut came between the two, or it
 * is stale. What is behind stands first in `regions`, to be written first: the newest must not be torn before.
 */
export function readControlBlocks(
  digest: Digest,
  image: Uint8Array,
  regions: readonly Region[],
  isDamaged: (region: Region) => boolean,
): { control: Control | undefined; uneven: boolean; regions: readonly Region[] } {
  const copies = regions.map((region) => ({ region, found: isDamaged(region) ? undefined : readControlBlock(digest, image, region) }));
  const newest = newestOf(copies.map(({ found }) => found));
  const isBehind = ({ found }: (typeof copies)[number]): boolean => found === undefined || found.sequence !== newest?.sequence;
  const behindFirst = [...copies.filter(isBehind), ...copies.filter((copy) => !isBehind(copy))];
  return { control: newest, uneven: copies.some(isBehind), regions: behindFirst.map(({ region }) => region) };
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

/** The session counter changes with each session, and the superblock may lag behind in it. */
export function sameButForCounter(a: Identity, b: Identity): boolean {
  return IDENTITY_FIELDS.every((field) => field === 'sessionCounter' || sameValue(a[field], b[field]));
}

function sameValue(a: Identity[keyof Identity], b: Identity[keyof Identity]): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? sameBytes(a, b) : a === b;
}
