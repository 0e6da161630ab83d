import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { Connect } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import {
  BLOCK_BYTES,
  DEFAULT_IO_QUEUE_DEPTH,
  MAX_HOST_CONNECTIONS,
  MAX_IO_QUEUE_DEPTH,
  MAX_TRANSFER_BYTES,
  MAX_ZERO_BYTES,
} from '../limits.js';
import { encodeConnected } from './card-frames.js';
import type { HostSession } from './host-session.js';

/** Version of host.proto that the card speaks. */
export const HOST_CONTRACT_VERSION = 1;

export function grantedDepth(wishedDepth: number): number {
  return wishedDepth === 0 ? DEFAULT_IO_QUEUE_DEPTH : Math.min(wishedDepth, MAX_IO_QUEUE_DEPTH);
}

/** Largest payload of a command on a connection: whole blocks, and one at least, however slow the line. */
export function transferLimit(maxPayloadBytes: number): number {
  const blocks = Math.floor(Math.min(maxPayloadBytes, MAX_TRANSFER_BYTES) / BLOCK_BYTES);
  return Math.max(blocks, 1) * BLOCK_BYTES;
}

export function granted(connect: Connect, session: HostSession, firstSlot: number): Uint8Array {
  return encodeConnected({
    status: Status.SUCCESS,
    version: HOST_CONTRACT_VERSION,
    nonce: connect.nonce,
    queueDepth: session.ioQueue.depth,
    adminQueueDepth: session.adminQueue.depth,
    maxTransferBytes: session.io.maxTransferBytes,
    blockBytes: BLOCK_BYTES,
    volumeBlocks: BigInt(session.io.volumeBlocks),
    maxZeroBlocks: MAX_ZERO_BYTES / BLOCK_BYTES,
    queueSlot: firstSlot,
  });
}

export function unsupportedVersion(connect: Connect): Uint8Array {
  const detail = `version ${String(connect.version)}; the card speaks ${String(HOST_CONTRACT_VERSION)}`;
  return encodeConnected({ status: Status.UNSUPPORTED_VERSION, detail, version: HOST_CONTRACT_VERSION, nonce: connect.nonce });
}

export function tooManyConnections(connect: Connect): Uint8Array {
  const detail = `${String(MAX_HOST_CONNECTIONS)} hosts are connected`;
  return encodeConnected({ status: Status.TOO_MANY_CONNECTIONS, detail, version: HOST_CONTRACT_VERSION, nonce: connect.nonce });
}

export function shuttingDown(connect: Connect): Uint8Array {
  return encodeConnected({ status: Status.BUSY, detail: 'the card is shutting down', version: HOST_CONTRACT_VERSION, nonce: connect.nonce });
}
