import { type Control, readControlBlock } from '../../firmware/metadata/control-store.js';
import { CHECKSUM_AT } from '../../firmware/metadata/sealed-record.js';
import type { Region } from '../../firmware/metadata/nvram-layout.js';
import { Blake3Digest } from '../parts/blake3-digest.js';

/** A copy of a control block that was parsed before. */
interface Parsed {
  readonly bytes: Buffer;
  readonly control: Control;
}

/** The same few come again in thousands of recoveries; those of a long run do not, and must not add up. */
const MOST_KNOWN = 4096;

const digest = new Blake3Digest();
/** By their checksum. What is parsed belongs to everybody, and is never changed in place. */
const known = new Map<number, Parsed>();

/** One copy of a control block, as a boot would read it; undefined when it is not valid. Parsed once, however often it is met. */
export function controlIn(nvram: Uint8Array, region: Region): Control | undefined {
  const bytes = Buffer.from(nvram.buffer, nvram.byteOffset + region.offsetBytes, region.lengthBytes);
  const checksum = bytes.readUInt32LE(CHECKSUM_AT);
  const parsed = known.get(checksum);
  if (parsed?.bytes.equals(bytes) === true) return parsed.control;
  const control = readControlBlock(digest, nvram, region);
  if (control === undefined) return undefined;
  if (known.size === MOST_KNOWN) known.clear();
  known.set(checksum, { bytes: Buffer.from(bytes), control });
  return control;
}
