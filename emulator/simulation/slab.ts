/** Small enough to be let go soon after what lies in it. */
const SLAB_BYTES = 64 * 1024;
/** Blocks and lines are looked at as words. */
const ALIGNED_TO_BYTES = 8;

let slab = new ArrayBuffer(SLAB_BYTES);
let usedBytes = 0;

/**
 * A copy of its own. Many lie in one allocation: a recovery copies some fifty pieces, and memory for each would cost
 * more than all else that is done with them.
 */
export function copyOf(...parts: readonly Uint8Array[]): Uint8Array {
  let lengthBytes = 0;
  for (const part of parts) lengthBytes += part.length;
  const copy = room(lengthBytes);
  let at = 0;
  for (const part of parts) {
    copy.set(part, at);
    at += part.length;
  }
  return copy;
}

function room(lengthBytes: number): Uint8Array {
  if (lengthBytes > SLAB_BYTES / 4) return new Uint8Array(lengthBytes);
  if (usedBytes + lengthBytes > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    usedBytes = 0;
  }
  const bytes = new Uint8Array(slab, usedBytes, lengthBytes);
  usedBytes = Math.ceil((usedBytes + lengthBytes) / ALIGNED_TO_BYTES) * ALIGNED_TO_BYTES;
  return bytes;
}
