/**
 * Repeatable numbers for the host workload (Marsaglia's xorshift, 32 bits): the same seed writes the same.
 * @returns a function that gives whole numbers from 0 to `below` - 1.
 */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1; // 0 would stay 0 for ever.
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * below);
  };
}
