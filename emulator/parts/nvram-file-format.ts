import CRC32C from 'crc-32/crc32c.js';
import { NVRAM_LINE_BYTES } from '../../firmware/hal.js';

/*
 * The file of a file NVRAM: a header, then each line with its check, as error-correcting memory keeps them.
 *
 *     header, 4 KiB | line 0: 64 bytes data, 4 bytes CRC-32C, 4 bytes mark | line 1 | …
 */

export const HEADER_BYTES = 4096;
const CHECK_BYTES = 8;
export const STORED_LINE_BYTES = NVRAM_LINE_BYTES + CHECK_BYTES;

/** Tells a line from zeroes and from other files; names the version of this format as well. */
const LINE_MARK = 0x314c4e47;
/** As {@link LINE_MARK}, on a line that was damaged and is rewritten, but still counts as damaged. */
const REPAIR_MARK = 0x314c4e52;
const MARK_AT = NVRAM_LINE_BYTES + 4;
const HEADER_MAGIC = 'grainlink nvram\n';
const FORMAT_VERSION = 1;

const VERSION_AT = 16;
const CLEAN_AT = 20;
const SIZE_AT = 24;
const DOUBTFUL_AT = 32;
const BOOT_ID_LENGTH_AT = 36;
const BOOT_ID_AT = 40;
const MAX_BOOT_ID_BYTES = 64;
const CHECKED_HEADER_BYTES = 128;

export interface NvramHeader {
  readonly sizeBytes: number;
  /** Which boot of the machine wrote this; empty where the machine does not tell. */
  readonly bootId: string;
  /** The card was shut down, and everything is on the disk. */
  readonly clean: boolean;
  /** The content was doubtful at a power-up, and the firmware has not dealt with that. */
  readonly doubtful: boolean;
}

export function encodeHeader(header: NvramHeader): Uint8Array {
  const bytes = Buffer.alloc(HEADER_BYTES);
  const bootId = Buffer.from(header.bootId).subarray(0, MAX_BOOT_ID_BYTES);
  bytes.write(HEADER_MAGIC, 'latin1');
  bytes.writeUInt32LE(FORMAT_VERSION, VERSION_AT);
  bytes.writeUInt32LE(header.clean ? 1 : 0, CLEAN_AT);
  bytes.writeBigUInt64LE(BigInt(header.sizeBytes), SIZE_AT);
  bytes.writeUInt32LE(header.doubtful ? 1 : 0, DOUBTFUL_AT);
  bytes.writeUInt32LE(bootId.length, BOOT_ID_LENGTH_AT);
  bytes.set(bootId, BOOT_ID_AT);
  bytes.writeInt32LE(CRC32C.buf(bytes.subarray(0, CHECKED_HEADER_BYTES)), CHECKED_HEADER_BYTES);
  return bytes;
}

/** The header, or undefined when it cannot be trusted. */
export function decodeHeader(content: Uint8Array): NvramHeader | undefined {
  if (content.length < HEADER_BYTES) return undefined;
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (bytes.readInt32LE(CHECKED_HEADER_BYTES) !== CRC32C.buf(bytes.subarray(0, CHECKED_HEADER_BYTES))) return undefined;
  if (bytes.toString('latin1', 0, VERSION_AT) !== HEADER_MAGIC) return undefined;
  if (bytes.readUInt32LE(VERSION_AT) !== FORMAT_VERSION) return undefined;
  const bootIdBytes = bytes.readUInt32LE(BOOT_ID_LENGTH_AT);
  if (bootIdBytes > MAX_BOOT_ID_BYTES) return undefined;
  return {
    sizeBytes: Number(bytes.readBigUInt64LE(SIZE_AT)),
    bootId: bytes.toString('utf8', BOOT_ID_AT, BOOT_ID_AT + bootIdBytes),
    clean: bytes.readUInt32LE(CLEAN_AT) === 1,
    doubtful: bytes.readUInt32LE(DOUBTFUL_AT) !== 0,
  };
}

/** Where a line stands in the file. */
export function linePosition(line: number): number {
  return HEADER_BYTES + line * STORED_LINE_BYTES;
}

/** Encodes whole lines, the first of which is number `firstLine`, into the start of `into`. */
export function encodeLines(lines: Uint8Array, firstLine: number, into: Buffer): void {
  const count = lines.length / NVRAM_LINE_BYTES;
  for (let i = 0; i < count; i += 1) {
    const data = lines.subarray(i * NVRAM_LINE_BYTES, (i + 1) * NVRAM_LINE_BYTES);
    const at = i * STORED_LINE_BYTES;
    into.set(data, at);
    into.writeInt32LE(lineCheck(data, firstLine + i), at + NVRAM_LINE_BYTES);
    into.writeUInt32LE(LINE_MARK, at + MARK_AT);
  }
}

/** Turns the encoded line at `at` of `stored` into one that still counts as damaged. */
export function markRepair(stored: Buffer, at: number): void {
  stored.writeUInt32LE(REPAIR_MARK, at + MARK_AT);
}

/** Ends what {@link markRepair} did; for other lines nothing. */
export function unmarkRepair(stored: Buffer, at: number): void {
  if (stored.readUInt32LE(at + MARK_AT) === REPAIR_MARK) stored.writeUInt32LE(LINE_MARK, at + MARK_AT);
}

/** Copies the data of stored line number `line`, which begins at `at`, and says whether its check holds. */
export function decodeLine(stored: Buffer, at: number, line: number, into: Uint8Array): boolean {
  const data = stored.subarray(at, at + NVRAM_LINE_BYTES);
  into.set(data);
  return (
    stored.readUInt32LE(at + MARK_AT) === LINE_MARK && stored.readInt32LE(at + NVRAM_LINE_BYTES) === lineCheck(data, line)
  );
}

/** The CRC starts from the line's number, so that a line written to the wrong place is found. */
function lineCheck(data: Uint8Array, line: number): number {
  return CRC32C.buf(data, line);
}
