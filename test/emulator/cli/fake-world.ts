import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Card, World } from '../../../emulator/cli/world.js';
import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import {
  CardIdentitySchema,
  type CardStatus,
  CardStatusSchema,
  DirtyRunsSchema,
  DiskState,
  FlashCopyState,
  LinkState,
  RelationshipState,
} from '../../../protos/gen/grainlink/host/v1/admin_pb.js';

const BLOCK_BYTES = 512;
const MAX_TRANSFER_BYTES = 256 * 1024;

/** Fields of a status, some of them. */
export type StatusFields = Exclude<MessageInitShape<typeof CardStatusSchema>, CardStatus>;

/** A primary of 1 GiB, 100 of whose 4096 grains are out-of-sync. */
export const trackingPrimary: StatusFields = {
  role: Role.PRIMARY,
  state: RelationshipState.TRACKING,
  diskState: DiskState.UP_TO_DATE,
  linkState: LinkState.LISTENING,
  flashCopyState: FlashCopyState.PREPARED,
  generation: 0xabcn,
  relationshipId: new Uint8Array([1, 2, 0xff]),
  secondaryName: 'london',
  sizeBytes: 1024n ** 3n,
  grainBytes: 256 * 1024,
  grainsTotal: 4096n,
  grainsOutOfSync: 100n,
  grainsInIntent: 3n,
};

/** A card that does nothing but keep `memory`; a test puts its own method in where it matters. */
export function fakeCard(memory: Uint8Array, methods: Partial<Card> = {}): Card & { closed: boolean } {
  const done = (): Promise<void> => Promise.resolve();
  return {
    closed: false,
    geometry: {
      blockBytes: BLOCK_BYTES,
      volumeBytes: memory.length,
      maxTransferBytes: MAX_TRANSFER_BYTES,
      maxZeroBytes: MAX_TRANSFER_BYTES,
      queueDepth: 64,
      adminQueueDepth: 8,
      queueSlot: 0,
    },
    identify: () => Promise.resolve(create(CardIdentitySchema, { model: 'fake', sizeBytes: BigInt(memory.length), grainBytes: 4096 })),
    status: () => Promise.resolve(create(CardStatusSchema, trackingPrimary)),
    dirtyRuns: () => Promise.resolve(create(DirtyRunsSchema, { nextGrain: 1n << 60n })),
    readRegisters: () => Promise.resolve([]),
    establish: done,
    dissolve: done,
    startFlashCopy: done,
    stopFlashCopy: done,
    exportMedium: done,
    loadMedium: done,
    connectPeer: done,
    disconnectPeer: done,
    stop: done,
    start: done,
    flush: done,
    readInto: (offsetBytes, target) => {
      target.set(memory.subarray(offsetBytes, offsetBytes + target.length));
      return done();
    },
    write: (offsetBytes, data) => {
      memory.set(data, offsetBytes);
      return done();
    },
    close(this: { closed: boolean }) {
      this.closed = true;
    },
    ...methods,
  };
}

export interface FakeWorld extends World {
  readonly out: () => string;
  readonly err: () => string;
  readonly pressCtrlC: () => void;
}

/** A world whose clock moves only while somebody sleeps. */
export function fakeWorld(connect: World['connect']): FakeWorld {
  let out = '';
  let err = '';
  let nowMs = 0;
  const interrupt = new AbortController();
  return {
    version: '1.2.3',
    stdout: { isTty: false, write: (text) => { out += text; } },
    stderr: { isTty: false, write: (text) => { err += text; } },
    connect,
    interrupt: interrupt.signal,
    nowMs: () => nowMs,
    sleep: (durationMs) => {
      nowMs += durationMs;
      return Promise.resolve();
    },
    out: () => out,
    err: () => err,
    pressCtrlC: () => { interrupt.abort(); },
  };
}

export const CARD = ['-c', 'tcp://127.0.0.1:7001'] as const;
