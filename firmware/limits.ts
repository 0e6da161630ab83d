/**
 * Every limit of the card, each with its reason. Nothing in the firmware grows past these: full means
 * back-pressure or a busy status.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const TIB = 1024 * GIB;

/** Unit of LBA addressing. 512 as most hosts assume it. */
export const BLOCK_BYTES = 512;

/** Largest payload of a command or link frame: one DMA buffer holds it. */
export const MAX_TRANSFER_BYTES = 256 * KIB;
/** Room for the rest of a frame beside its payload; its longest part is a 4 KiB mailbox window or a list of runs. */
export const MAX_FRAME_HEAD_BYTES = 16 * KIB;
/** What a receive buffer holds, and the size over which a frame is refused before anything is allocated. */
export const FRAME_BUFFER_BYTES = MAX_TRANSFER_BYTES + MAX_FRAME_HEAD_BYTES;

/** Smallest and largest volume. */
export const MIN_VOLUME_BYTES = 1 * MIB;
export const MAX_VOLUME_BYTES = 16 * TIB;
/** Grain sizes: powers of two in this range. */
export const MIN_GRAIN_BYTES = 4 * KIB;
export const MAX_GRAIN_BYTES = 16 * MIB;
/** NVRAM: room for the control blocks at least; what a large board carries at most. */
export const MIN_NVRAM_BYTES = 64 * KIB;
export const MAX_NVRAM_BYTES = 64 * MIB;
export const DEFAULT_NVRAM_BYTES = 2 * MIB;

/** Grain size when none is given: the smallest that NVRAM holds the maps for, but not below this, since a
 * link frame's head would outgrow 0.5 % of a smaller grain. */
export const DEFAULT_GRAIN_FLOOR_BYTES = 64 * KIB;
/** FlashCopy store when none is given: a quarter of the volume, the usual snapshot reserve. */
export const DEFAULT_STORE_SHARE = 4;
/** Slots of the FlashCopy store: bounds the pointers held in memory. */
export const MAX_STORE_SLOTS = 1 << 20;

/** The reserved part of the disk: two superblock copies of one sector pair each. */
export const RESERVED_BYTES = 64 * KIB;
export const SUPERBLOCK_BYTES = 4 * KIB;
/** One copy of the control block in NVRAM. Its longest field is an address of 256 bytes. */
export const CONTROL_BLOCK_BYTES = 2 * KIB;

/** Receive buffers posted to the host port: commands with data in flight, over all hosts. */
export const HOST_RECEIVE_BUFFERS = 96;
/** Buffers for data on its way to a host. */
export const READ_BUFFERS = 64;
/** Of these for one host: one that does not take its data leaves the others enough to go on. */
export const READ_BUFFERS_PER_HOST = 16;
/** Receive buffers posted to the peer port. */
export const LINK_RECEIVE_BUFFERS = 64;
/** Buffers for grains on their way to the secondary: enough to read while others go out, few enough to stay in the cache. */
export const SYNC_BUFFERS = 16;
/** Buffers for grains being exported or loaded, and for those saved by copy-on-write. */
export const MEDIUM_BUFFERS = 16;
export const COPY_ON_WRITE_BUFFERS = 8;

/** Hosts connected at once; one more is refused. */
export const MAX_HOST_CONNECTIONS = 16;
/** Connections beyond these, so that one host too many is told so. */
export const SPARE_HOST_CONNECTIONS = 4;
/** Depth of the admin queue and the largest of an I/O queue. */
export const ADMIN_QUEUE_DEPTH = 8;
export const MAX_IO_QUEUE_DEPTH = 256;
export const DEFAULT_IO_QUEUE_DEPTH = 64;
/** Commands being carried out for hosts, also for those that have gone meanwhile; one more is answered busy. */
export const MAX_HOST_COMMANDS = MAX_HOST_CONNECTIONS * (MAX_IO_QUEUE_DEPTH + ADMIN_QUEUE_DEPTH);
/** Register answers on their way to one host. Hosts ask one at a time; one that asks on and takes none is let go. */
export const MAX_UNSENT_ANSWERS = 16;
/** Frames on their way to one host: every completion queue full, the answers, and the answer to Connect. */
export const MAX_UNSENT_FRAMES_PER_HOST = MAX_IO_QUEUE_DEPTH + ADMIN_QUEUE_DEPTH + MAX_UNSENT_ANSWERS + 1;
/** Over all hosts; twice, since a host that connects anew on a serial line leaves the old frames on their way. */
export const MAX_UNSENT_FRAMES = MAX_HOST_CONNECTIONS * 2 * MAX_UNSENT_FRAMES_PER_HOST;
/** How long a host may take none of the frames that wait for it, before it is let go with what it holds. Longer
 * than the longest frame takes on the slowest line: 4 KiB at 300 baud. */
export const HOST_STALL_MS = 150_000;
/** Largest write-zeroes or discard: bounds how long one command holds its lock. */
export const MAX_ZERO_BYTES = 64 * MIB;

/** Peers connected at once: the current session's, and others that try or are half-open. */
export const MAX_PEER_CONNECTIONS = 4;
/** Mirrored operations not yet acknowledged. */
export const MAX_MIRRORS_IN_FLIGHT = 256;
/** Grains with data, and runs of grains without, in one barrier: they stay locked until it is durable on both cards. */
export const MAX_RUNS_PER_BARRIER = 128;
/** Never-written grains in one run: a marker costs next to nothing, but hosts wait for its lock. */
export const MAX_MARKER_GRAINS = 65536;
/** Full frames of data in one barrier: 8 MiB on TCP, and on a slow line no more than it carries in seconds. */
export const BARRIER_FRAMES = 32;
/**
 * A batch is made half as large when its barrier took longer than the first from when it was begun, and twice as
 * large when it took less than the second: a host's mirrored write stands behind all that are under way, and a
 * host waits no longer than 30 s. The smallest has one grain.
 */
export const SLOW_BARRIER_MS = 1000;
export const QUICK_BARRIER_MS = 250;
/** What the first batch of a session holds: a slow link shows by it that it is one. */
export const FIRST_BATCH_BYTES = 64 * KIB;
/** Grains with data that one barrier can cover: its frames, and a run more, of the smallest grains. */
export const MAX_GRAINS_PER_BARRIER = ((BARRIER_FRAMES + 1) * MAX_TRANSFER_BYTES) / MIN_GRAIN_BYTES;
/** Barriers under way at once: some are read, sent and applied while those before become durable. */
export const MAX_BARRIERS_IN_FLIGHT = 4;
/**
 * Pieces of grains on their way into a line that asks for short frames: one that goes out and one behind it. On
 * a slow line each takes 100 ms to a second, and each piece of a host's write waits behind so many.
 */
export const SHORT_PIECES_UNSENT = 2;
/** Runs in one SyncRequest or DirtyRuns frame: about 10 bytes a run. */
export const MAX_RUNS_PER_FRAME = 1024;
/** Most that a run takes in a frame: two numbers of up to 33 bits. A slow line bounds a SyncRequest by this. */
export const MAX_RUN_BYTES = 16;

/** Grains in intent: bounds what a lost link turns out-of-sync at once. */
export const MAX_INTENT_GRAINS = 4096;
/** Grains that one part of a write-zeroes or discard covers: a quarter of the intents. */
export const ZERO_PART_GRAINS = MAX_INTENT_GRAINS / 4;
/** From this many the sweep does not wait for its timer. */
export const INTENT_SWEEP_GRAINS = 1024;
/** How long an intent may lie before the sweep makes it durable on both and clears it. */
export const INTENT_SWEEP_MS = 500;

/** Silence on the link after which it is lost; a peer that hears nothing falls silent itself, so a
 * one-way link is lost within twice this. */
export const LINK_SILENCE_MS = 4000;
export const LINK_HEARTBEAT_MS = 500;
/** Sessions that a pair may have had: the next counter still fits 64 bits. */
export const MAX_SESSION_COUNTER = (1n << 63n) - 1n;
/** Between two attempts of the requester (314). */
export const REDIAL_MIN_MS = 50;
export const REDIAL_MAX_MS = 1000;

/** Tasks at once: every command, with its part at the peer, every frame of every queue, and the card's own. */
export const MAX_TASKS = 2 * MAX_HOST_COMMANDS + MAX_UNSENT_FRAMES + HOST_RECEIVE_BUFFERS + 1024;
/** Entries of the completion ring: a task waits for a handful at most. */
export const COMPLETION_RING_ENTRIES = 32768;
/** Range locks held or waited for. */
export const MAX_RANGE_LOCKS = MAX_TASKS;

/** Text fields that travel or are kept. */
export const MAX_NAME_BYTES = 64;
export const MAX_ADDRESS_BYTES = 256;
export const MAX_PATH_BYTES = 4096;
/** Errors remembered for the status and the error log register. */
export const MAX_LOGGED_ERRORS = 16;

/** Data between two durable export or load positions, at most; on a small volume such a part of it. */
export const MEDIUM_CHECKPOINT_BYTES = 64 * MIB;
export const MEDIUM_CHECKPOINT_PARTS = 16;
/** The two label blocks of a medium, each in one of these. */
export const MEDIUM_LABEL_BYTES = 4 * KIB;
/** Longest head of a medium chunk beside its payload. */
export const MAX_CHUNK_HEAD_BYTES = 128;
/** Damaged chunks that a verification lists; the rest are counted. */
export const MAX_LISTED_DAMAGE = 256;
