/** Every limit of the host driver, each with its reason. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** Version of host.proto that this driver speaks. */
export const PROTOCOL_VERSION = 1;

/** Commands in flight that are asked for when the caller names no depth: enough to keep a busy card busy. */
export const DEFAULT_QUEUE_DEPTH = 64;
/** Deepest queue a caller may ask for: bounds the trackers, and what is in flight to this times a transfer. */
export const MAX_QUEUE_DEPTH = 1024;
/** Deepest admin queue that makes sense; a card that grants more is not believed. */
export const MAX_ADMIN_QUEUE_DEPTH = 256;

/** Smallest and largest block a card may have: LBAs are 512 bytes in the oldest hosts, a page in the newest. */
export const MIN_BLOCK_BYTES = 512;
export const MAX_BLOCK_BYTES = 64 * KIB;

/** Largest payload of one command, whatever the card grants: it bounds what a receive buffer grows to. */
export const MAX_TRANSFER_BYTES = 1 * MIB;
/** Room for a frame beside its payload; the longest head is a status or a list of dirty runs. */
export const MAX_FRAME_HEAD_BYTES = 64 * KIB;
/** A longer frame is refused before memory is taken for it. */
export const MAX_FRAME_BYTES = MAX_TRANSFER_BYTES + MAX_FRAME_HEAD_BYTES;
/** On a serial line garbage costs a frame, so a frame's data is what crosses in this time: 4 KiB at 115200 baud. */
export const SERIAL_PAYLOAD_MS = 360;

/** What a socket takes unsent before the driver waits: more would be memory, not speed. */
export const SEND_BUFFER_BYTES = 4 * MIB;
/** What one read from a socket fills at most: large, so that a busy socket costs few turns of the loop. */
export const RECEIVE_CHUNK_BYTES = 1 * MIB;

/** How long an answer may take when the caller does not say. As NVMe hosts do: a flush may be long. */
export const DEFAULT_TIMEOUT_MS = 30_000;
/** The longest timer there is: beyond it they fire at once. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** How often overdue commands are looked for, as a part of the timeout. */
export const TIMEOUT_CHECKS_PER_TIMEOUT = 8;
/** Between two Connect frames on a line that may lose them. */
export const CONNECT_RETRY_MS = 250;

/** How long a port locked by another is tried again: far longer than a closing takes, short for a person. */
export const SERIAL_LOCK_WAIT_MS = 1000;
export const SERIAL_LOCK_RETRY_MS = 10;

/** Between two looks at the mailbox's status: none at first, then longer and longer, so that a slow line is not filled with questions. */
export const MAILBOX_POLL_MAX_MS = 50;
