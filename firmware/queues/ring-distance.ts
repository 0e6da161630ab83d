/**
 * How many entries a doorbell moves over that goes from place `from` to place `to`. Onto itself means none,
 * unless the whole ring is there to be moved over.
 * @param most entries that are there to be moved over.
 * @returns undefined when `to` is outside the ring, or beyond what is there.
 */
export function entriesMoved(from: number, to: number, depth: number, most: number): number | undefined {
  if (!Number.isInteger(to) || to < 0 || to >= depth) return undefined;
  const entries = (to - from + depth) % depth;
  if (entries === 0 && most === depth) return depth;
  return entries <= most ? entries : undefined;
}
