/**
 * Limits of the emulator, each with its reason. The card's own stand in firmware/limits.ts.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const TIB = 1024 * 1024 * MIB;

/** Largest file of a volume: every common file system can hold it, and a copy tool can be let loose on it. */
export const VOLUME_SEGMENT_BYTES = 1 * TIB;
/**
 * Up to this many bytes a read, or making zeroes, runs on the calling thread: the page cache is nearer than the
 * thread pool. Longer reads leave the thread free for the sockets.
 */
export const SYNC_IO_BYTES = 64 * KIB;
/** Bytes that long reads of one file put into one system call: enough to save its cost, few enough to stay in the cache. */
export const GATHERED_READ_BYTES = 1 * MIB;
/** Zeroes written at a time where a file system cannot punch holes. */
export const ZERO_WRITE_BYTES = 1 * MIB;

/** Share of NVRAM read or written by one system call; keeps the copy beside the image small. */
export const NVRAM_CHUNK_LINES = 4096;

/**
 * Bytes taken from a socket at once, to be copied to where their frame is assembled. The rest of a frame is read
 * straight to there if it is as long as this; so longer reads would copy more of it, shorter ones carry fewer frames.
 */
export const SOCKET_READ_BYTES = 32 * KIB;
/** A frame head up to this size is copied behind its length prefix: cheaper than one more part to gather. */
export const COPIED_HEAD_BYTES = 1 * KIB;
/**
 * Bytes gathered into one write. Its frames complete together, so a larger one would keep buffers from being
 * filled again while the first of them are long out.
 */
export const SEND_BATCH_BYTES = 1 * MIB;
/** How long a connection that was ended may take to hand over what is on its way. */
export const CLOSE_GRACE_MS = 250;
/** Silence after which the operating system looks whether a TCP peer is still there. */
export const KEEP_ALIVE_MS = 30_000;
/** How long a dialled address may take to answer: within the link's silence limit, so that redials go on. */
export const DIAL_TIMEOUT_MS = 3_000;
/**
 * Connections beyond the firmware's limit that a port still lets in, so that the firmware can refuse them by
 * a status instead of a closed door.
 */
export const SPARE_CONNECTIONS = 4;

/** One frame should take no longer on a serial line, or it delays every other. */
export const SERIAL_FRAME_MS = 100;
/** Bounds of a frame's payload on a serial line: small enough for a slow one, large enough to be worth its head. */
export const MIN_SERIAL_PAYLOAD_BYTES = 1 * KIB;
export const MAX_SERIAL_PAYLOAD_BYTES = 64 * KIB;
/**
 * Slowest serial line for the online link: its longest frame, 1 KiB with its head, crosses in 1.2 s. Below half
 * of this one frame would outlast the silence after which the link counts as lost.
 */
export const MIN_PEER_BAUD = 9600;
/** Bytes taken from a serial device at once. */
export const SERIAL_READ_BYTES = 64 * KIB;
/** Between two attempts to open a serial device that is not there. */
export const SERIAL_REOPEN_MIN_MS = 100;
export const SERIAL_REOPEN_MAX_MS = 2_000;

/** Frames that an in-process host may have under way before its channel is closed for not waiting. */
export const MEMORY_BACKLOG_FRAMES = 4096;

/** Completions handled before sockets and files get their turn: bounds how long a busy card is deaf. */
export const STEP_BATCH = 512;
/**
 * How long a card polls after its last work before it lets Node wait in the kernel. Waking from there costs
 * some 90 µs, nearly all of a round trip at depth 1; a host that answers at once is back within this. Longer
 * polling takes the cores from the threads that move bulk data: at 1 ms, 0.2 s of each GiB synchronized.
 */
export const POLL_WINDOW_MS = 0.1;
/** How long a clean shutdown may take before the card is switched off instead. */
export const SHUTDOWN_MS = 30_000;

/** Largest board.json that is read. */
export const MAX_BOARD_FILE_BYTES = 64 * KIB;
