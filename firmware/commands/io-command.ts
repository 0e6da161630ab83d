import type { HostIo } from '../host-io.js';
import type { Task } from '../kernel/pending.js';
import type { Command } from '../../protos/gen/grainlink/host/v1/host_pb.js';

/** Buffers for data on its way to one host. */
export interface ReadBuffers {
  acquire(): Task<Uint8Array>;
  release(buffer: Uint8Array): void;
}

/** What an I/O command needs beside itself. */
export interface IoContext {
  readonly io: HostIo;
  readonly volumeBlocks: number;
  /** Largest payload of one command on the host's connection. */
  readonly maxTransferBytes: number;
  readonly readBuffers: ReadBuffers;
}

/** Data for a host. Whoever sends it releases it afterwards, exactly once. */
export interface ReadData {
  readonly payload: Uint8Array;
  readonly release: () => void;
}

/** Carries a command out. Throws a CommandError, or the PartError of the part that failed. */
export type IoCommand = (context: IoContext, command: Command, payload: Uint8Array) => Task<ReadData | undefined>;
