import type { JobStatus } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { MediumSeal } from '../../protos/gen/grainlink/medium/v1/medium_pb.js';
import type { CardCore } from '../core.js';
import type { MediumFile } from '../hal.js';
import type { HaltRequest } from './job.js';
import type { MediumSummary } from './medium-summary.js';

/** What every load of this card works with. */
export interface LoadContext {
  readonly core: CardCore;
  /** Of MEDIUM_MEMORY_BYTES. */
  readonly memory: Uint8Array;
  readonly halt: HaltRequest;
  /** Data between two durable positions. */
  readonly checkpointBytes: number;
}

/** A medium that was checked and may be loaded. It is open: begin and run, or close it. */
export interface PreparedLoad {
  readonly job: JobStatus;
  readonly file: MediumFile;
  readonly summary: MediumSummary;
  readonly seal: MediumSeal;
  readonly overwrite: boolean;
}
