import type { Hal } from './hal.js';
import type { EventLoop } from './kernel/event-loop.js';
import type { RangeLocks } from './kernel/range-lock.js';
import type { Gate } from './kernel/sync.js';
import type { DurableState } from './metadata/recovery.js';
import type { Volume } from './volume/volume.js';

/** What every component of a running card stands on. */
export interface CardCore {
  readonly loop: EventLoop;
  readonly hal: Hal;
  readonly state: DurableState;
  readonly volume: Volume;
  /** Over the volume's bytes: host writes, synchronization, copy-on-write, reads for the export. */
  readonly locks: RangeLocks;
  /** Host writes pass it; closing it drains them (rules 5 and 6). */
  readonly hostWrites: Gate;
}
