/** What the demo does when nobody says otherwise, and its limits, each with its reason. */

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** The unit in which the host workload writes, and in which every content is checked. */
export const CHECK_BLOCK_BYTES = 4 * KIB;

/** Real data when neither an image nor a size is given: enough that the lines' hours mean something. */
export const DEFAULT_DATA_BYTES = 256 * MIB;
/** Of the volume, the share that is filled: the rest is for what the host appends, and for what nobody ever writes. */
export const DATA_SHARE = 2 / 3;
/** Below it, fixed costs drown what is shown. */
export const MIN_DEMO_VOLUME_BYTES = 16 * MIB;
/** The disks of two secondaries are filled with random bytes, and 24 bytes are remembered for every 4 KiB. */
export const MAX_DEMO_VOLUME_BYTES = 16 * GIB;

/** Data read from source files, or random bytes written, at a time. */
export const CHUNK_BYTES = 1 * MIB;

/** Data checked in one go: short, since the host that writes meanwhile is in the same process, and must not wait. */
export const UNINTERRUPTED_BYTES = 64 * KIB;
/** Random bytes between two synchronizations with the disk: Ctrl-C waits for one at most. */
export const SYNC_BYTES = 16 * MIB;

/** Host writes in flight: several, so that a card that stalls one is told from a card that stalls all. */
export const HOST_WRITERS = 8;
/** Pause of a writer after each write: some 2000 writes a second in all, which leaves the cores to the cards. */
export const THINK_MS = 3;
/** Every so many writes a host wants one to be durable (FUA), as a database does at a commit. */
export const FUA_EVERY = 64;

/** How long the pair mirrors live, and how long the secondary is away, before the story goes on. */
export const LIVE_MS = 4_000;
export const OUTAGE_MS = 3_000;
/** Host writes before T0: so that the volume is in use when it is taken. */
export const BEFORE_T0_MS = 500;

/** Between two looks at a card's status while something is awaited. */
export const POLL_MS = 5;
/** What should come within a moment is waited for this long, before the demo says that it does not come. */
export const PATIENCE_MS = 60_000;

/** Lines of a card's log that are shown when its process ends by itself. */
export const LOG_LINES_KEPT = 20;

/** The lines that the table shows, in bits per second. */
export const LINES = [
  { name: 'T1 (1.544 Mb/s)', bitsPerSecond: 1_544_000 },
  { name: '10 Mb/s', bitsPerSecond: 10_000_000 },
  { name: '100 Mb/s', bitsPerSecond: 100_000_000 },
  { name: '1 Gb/s', bitsPerSecond: 1_000_000_000 },
] as const;

/** How long after its connection a card's process may take to be gone, when it ends by itself. */
export const PROCESS_END_MS = 1_000;
