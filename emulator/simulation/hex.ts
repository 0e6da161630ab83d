/** By the bytes that they are of: those of one control block are asked about at every look. */
const known = new WeakMap<Uint8Array, string>();

/** Of an id or a root that nobody changes in place, to tell it from others by; empty for none. */
export function hexOf(bytes: Uint8Array | undefined): string {
  if (bytes === undefined || bytes.length === 0) return '';
  let hex = known.get(bytes);
  if (hex === undefined) {
    hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
    known.set(bytes, hex);
  }
  return hex;
}
