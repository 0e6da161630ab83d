import type { Task } from './kernel/pending.js';

/**
 * What hosts may do with the volume. Offsets and lengths are checked before: whole blocks, within the
 * volume, within a transfer. Each may throw a CommandError.
 */
export interface HostIo {
  read(offsetBytes: number, into: Uint8Array): Task;
  /** `from` stays untouched until the task ends (rule 10). */
  write(offsetBytes: number, from: Uint8Array, fua: boolean): Task;
  /** Write-zeroes and discard: both are writes (rule 2). */
  zero(offsetBytes: number, lengthBytes: number, fua: boolean): Task;
  flush(): Task;
}
