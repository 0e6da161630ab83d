import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type ControlBlock, type Identity, IdentitySchema, type Superblock, SuperblockSchema } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import type { Hal } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import { PartError, type Task } from '../kernel/pending.js';
import { sameBytes } from '../kernel/same-bytes.js';
import { SUPERBLOCK_BYTES } from '../limits.js';
import type { Geometry } from './nvram-layout.js';
import { openRecord, sealRecord } from './sealed-record.js';

const VERSION = 1;
const COPIES = [0, 1];

const IDENTITY_FIELDS = IdentitySchema.fields.map(({ localName }) => localName as keyof Identity);

/** What a superblock keeps of a control block. */
export type Rescued = Pick<ControlBlock, 'identity' | 'access' | 'forkId'>;

/**
 * Who the card is, and whether a secondary is its hosts' own, on its disk: what it falls back to when NVRAM has no
 * valid control block (rules 14 and 16). Two copies, written one after the other.
 */
export class SuperblockStore {
  #sequence = 0n;
  /** The copy that is read, or written: one at a time. */
  readonly #place: Uint8Array;

  constructor(
    private readonly loop: EventLoop,
    private readonly hal: Pick<Hal, 'reserved' | 'digest' | 'memory'>,
  ) {
    this.#place = hal.memory.take(SUPERBLOCK_BYTES);
  }

  /** The newest valid copy, and whether any copy was missing or cannot be read: the other one serves. */
  *read(): Task<{ superblock: Superblock | undefined; damaged: boolean }> {
    let newest: Superblock | undefined;
    let damaged = false;
    for (const copy of COPIES) {
      const found = yield* this.#readCopy(copy);
      if (found === undefined) damaged = true;
      else if (newest === undefined || found.sequence > newest.sequence) newest = found;
    }
    this.#sequence = newest?.sequence ?? 0n;
    return { superblock: newest, damaged };
  }

  /**
   * One write at a time.
   * @returns its number in the order of all.
   */
  *write({ identity, access, forkId }: Rescued, geometry: Geometry): Task<bigint> {
    this.#sequence += 1n;
    const sequence = this.#sequence;
    const message = create(SuperblockSchema, {
      version: VERSION,
      sequence,
      identity,
      nvramBytes: BigInt(geometry.nvramBytes),
      storeBytes: BigInt(geometry.storeBytes),
      access,
      forkId,
    });
    sealRecord(this.hal.digest, toBinary(SuperblockSchema, message), this.#place);
    for (const copy of COPIES) {
      yield* this.loop.run<void>((done) => { this.hal.reserved.write(copy * SUPERBLOCK_BYTES, this.#place, done); });
      yield* this.loop.run<void>((done) => { this.hal.reserved.flush(done); });
    }
    return sequence;
  }

  *#readCopy(copy: number): Task<Superblock | undefined> {
    try {
      yield* this.loop.run<void>((done) => { this.hal.reserved.read(copy * SUPERBLOCK_BYTES, this.#place, done); });
    } catch (error) {
      if (!(error instanceof PartError)) throw error;
      return undefined;
    }
    return this.#parse(this.#place);
  }

  #parse(place: Uint8Array): Superblock | undefined {
    const record = openRecord(this.hal.digest, place);
    if (record === undefined) return undefined;
    try {
      const superblock = fromBinary(SuperblockSchema, record.slice());
      return superblock.version === VERSION && superblock.identity !== undefined ? superblock : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Whether a superblock of the one is as good as one of the other. The session counter changes with each session: it may lag behind. */
export function sameButForCounter(a: Rescued, b: Rescued): boolean {
  if (a.identity === undefined || b.identity === undefined) return false;
  const [one, other] = [a.identity, b.identity];
  return a.access === b.access && a.forkId === b.forkId && IDENTITY_FIELDS.every((field) => field === 'sessionCounter' || sameValue(one[field], other[field]));
}

function sameValue(a: Identity[keyof Identity], b: Identity[keyof Identity]): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? sameBytes(a, b) : a === b;
}
