import { BLOCK_BYTES } from '../../../firmware/limits.js';

/** Sizes and patience of the kill tests, each with its reason. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** 64 KiB: commands that cross grains, and commands that touch a part of one. */
export const LONGEST_COMMAND_BLOCKS = (64 * KIB) / BLOCK_BYTES;
/** Host commands in flight. */
export const WRITERS = 12;

/** Bytes of one read or write when the whole volume is moved: the longest command. */
export const PIECE_BYTES = 256 * KIB;
/** Of these at once. */
export const PIECES_IN_FLIGHT = 16;

/** Enough for a synchronization that a kill can hit, little enough to compare after each kill. */
export const PAIR_BYTES = 64 * MIB;

/** Between two looks at a status. */
export const POLL_MS = 3;
/** What should come within a moment is waited for this long: twice the link's silence limit, on a busy machine. */
export const PATIENCE_MS = 60_000;

/** Each of the five phases is hit at least so often: 50 kills in all. */
export const KILLS_EACH = 10;
/** A kill that misses its phase is tried again, up to so many tries for each that is wished. */
export const TRIES_EACH = 4;
/** For one file of kill tests: on a machine where others work as well. */
export const KILL_TEST_MS = 420_000;
