/** Limits of the command line program, each with its reason. */

const MIB = 1024 * 1024;

/** Data read or written in one call of the driver, which splits it into commands that fill its queue. */
export const PIECE_BYTES = 4 * MIB;
/** Pieces under way at once: while one is at the file, the others keep the card busy. */
export const PIECES_IN_FLIGHT = 3;

/** A job or transfer that ends sooner shows no progress. */
export const PROGRESS_AFTER_MS = 1_000;
/** Between two plain lines of progress, where there is no terminal. */
export const PROGRESS_LINE_MS = 5_000;
/** Between two looks at a job of the card. */
export const JOB_POLL_MS = 100;
/** How long `connect` waits to be able to say how it went; the card goes on trying in any case. */
export const CONNECT_OUTCOME_MS = 5_000;
/** Between two looks of `status --watch`. */
export const WATCH_MS = 1_000;

/** Runs asked for in one GetDirtyRuns: as many as the card puts into a frame. */
export const RUNS_PER_REQUEST = 1_024;
/** Operations of the longest sequences that `simulate --exhaustive` tries: all of more would take years. */
export const MOST_OPERATIONS = 3;
