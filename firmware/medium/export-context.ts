import type { JobStatus } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { CardCore } from '../core.js';
import type { FlashCopy } from '../flash-copy/flash-copy.js';
import type { MediumFile } from '../hal.js';
import type { Position } from '../metadata/position-store.js';
import type { HaltRequest } from './job.js';

/** What an export works with. */
export interface ExportContext {
  readonly core: CardCore;
  readonly flashCopy: FlashCopy;
  /** Of MEDIUM_MEMORY_BYTES. */
  readonly memory: Uint8Array;
  readonly firmwareVersion: string;
  readonly halt: HaltRequest;
  /** Data between two durable positions. */
  readonly checkpointBytes: number;
}

/** An export that was checked and may run. The medium is open: run it. */
export interface PreparedExport {
  readonly job: JobStatus;
  readonly t0Id: Uint8Array;
  readonly file: MediumFile;
  readonly position: Position;
}
