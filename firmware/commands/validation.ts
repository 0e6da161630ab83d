import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { Command } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import { CommandError } from '../errors.js';
import { BLOCK_BYTES } from '../limits.js';

/** A range of the volume, in bytes: whole blocks. */
export interface Extent {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** One volume a card for now. */
const ONLY_VOLUME = 0;

export function checkVolume(command: Command): void {
  if (command.volume === ONLY_VOLUME) return;
  throw new CommandError(Status.UNKNOWN_VOLUME, `volume ${String(command.volume)}; the card has volume ${String(ONLY_VOLUME)} alone`);
}

/** The range that a command names, checked against the volume and against the most that one command may touch. */
export function extentOf(command: Command, volumeBlocks: number, maxBytes: number): Extent {
  checkVolume(command);
  const { lba, blocks } = command;
  if (blocks === 0) throw new CommandError(Status.INVALID_FIELD, 'blocks is 0');
  const lengthBytes = blocks * BLOCK_BYTES;
  if (lengthBytes > maxBytes) {
    throw new CommandError(Status.TRANSFER_TOO_LARGE, `${String(lengthBytes)} bytes; at most ${String(maxBytes)} in one command`);
  }
  // In whole numbers of any size first: an LBA has 64 bits.
  if (lba + BigInt(blocks) > BigInt(volumeBlocks)) {
    throw new CommandError(Status.OUT_OF_RANGE, `LBA ${String(lba)} and ${String(blocks)} blocks; the volume has ${String(volumeBlocks)}`);
  }
  return { offsetBytes: Number(lba) * BLOCK_BYTES, lengthBytes };
}

/** The payload of a write is exactly its blocks. */
export function checkPayload(extent: Extent, payload: Uint8Array): void {
  if (payload.length === extent.lengthBytes) return;
  if (payload.length % BLOCK_BYTES !== 0) {
    throw new CommandError(Status.MISALIGNED, `a payload of ${String(payload.length)} bytes; it is made of blocks of ${String(BLOCK_BYTES)}`);
  }
  throw new CommandError(Status.PAYLOAD_MISMATCH, `a payload of ${String(payload.length)} bytes; the command names ${String(extent.lengthBytes)}`);
}

export function checkNoPayload(payload: Uint8Array): void {
  if (payload.length === 0) return;
  throw new CommandError(Status.PAYLOAD_MISMATCH, `a payload of ${String(payload.length)} bytes; this command takes none`);
}
