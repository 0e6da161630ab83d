import { MAX_TRANSFER_BYTES, MEDIUM_BUFFERS } from '../limits.js';
import { MAX_CHUNK_BYTES } from './chunk-format.js';

/** The part of {@link MEDIUM_MEMORY_BYTES} that is divided into buffers, or is a ring. */
export const MEDIUM_RING_BYTES = MEDIUM_BUFFERS * MAX_TRANSFER_BYTES;
/** Longest chunk with its length prefix. */
export const MAX_ENCODED_CHUNK_BYTES = MAX_CHUNK_BYTES + 5;
/**
 * Where chunks are on their way between medium and disk: MEDIUM_BUFFERS buffers, and behind them room for
 * a chunk that goes round the end of the ring. One job runs at a time, so a card needs it once.
 */
export const MEDIUM_MEMORY_BYTES = MEDIUM_RING_BYTES + MAX_ENCODED_CHUNK_BYTES;
