import type { Connected } from '../protos/gen/grainlink/host/v1/host_pb.js';
import { ConnectionLostError } from './errors.js';
import { MAX_ADMIN_QUEUE_DEPTH, MAX_BLOCK_BYTES, MAX_TRANSFER_BYTES, MIN_BLOCK_BYTES, PROTOCOL_VERSION } from './limits.js';

/** What the card granted at Connect. */
export interface Geometry {
  readonly blockBytes: number;
  readonly volumeBytes: number;
  /** Most data that the driver puts into one command; longer ranges are split. */
  readonly maxTransferBytes: number;
  /** Longest part of a write-zeroes or discard that the driver puts into one command. */
  readonly maxZeroBytes: number;
  /** Commands in flight on the I/O queue at most. */
  readonly queueDepth: number;
  readonly adminQueueDepth: number;
  /** This pair's place in the card's doorbell array. */
  readonly queueSlot: number;
}

/**
 * Checks a card's answer before anything is allocated for it.
 * @param maxPayloadBytes the transport's own limit.
 * @throws ConnectionLostError that names what makes no sense: with such a card nothing can be done.
 */
export function geometryOf(connected: Connected, wishedDepth: number, maxPayloadBytes: number): Geometry {
  const { blockBytes, queueDepth, adminQueueDepth, maxZeroBlocks, queueSlot } = connected;
  const volumeBytes = Number(connected.volumeBlocks) * blockBytes;
  mustBe(connected.version === PROTOCOL_VERSION, 'version', connected.version);
  mustBe(isPowerOfTwo(blockBytes) && blockBytes >= MIN_BLOCK_BYTES && blockBytes <= MAX_BLOCK_BYTES, 'block_bytes', blockBytes);
  mustBe(connected.volumeBlocks > 0n && Number.isSafeInteger(volumeBytes), 'volume_blocks', connected.volumeBlocks);
  mustBe(queueDepth >= 1 && queueDepth <= wishedDepth, 'queue_depth', queueDepth);
  mustBe(adminQueueDepth >= 1 && adminQueueDepth <= MAX_ADMIN_QUEUE_DEPTH, 'admin_queue_depth', adminQueueDepth);
  mustBe(connected.maxTransferBytes >= blockBytes, 'max_transfer_bytes', connected.maxTransferBytes);
  mustBe(maxZeroBlocks >= 1, 'max_zero_blocks', maxZeroBlocks);
  return {
    blockBytes,
    volumeBytes,
    maxTransferBytes: wholeBlocks(Math.min(connected.maxTransferBytes, maxPayloadBytes, MAX_TRANSFER_BYTES), blockBytes),
    maxZeroBytes: maxZeroBlocks * blockBytes,
    queueDepth,
    adminQueueDepth,
    queueSlot,
  };
}

function mustBe(sensible: boolean, field: string, value: number | bigint): void {
  if (sensible) return;
  throw new ConnectionLostError(`the card's answer to Connect makes no sense: ${field} is ${String(value)}`);
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}

/** At least one: a line for short frames still has to carry a block. */
function wholeBlocks(bytes: number, blockBytes: number): number {
  return Math.max(1, Math.floor(bytes / blockBytes)) * blockBytes;
}
