import type { Entropy } from '../hal.js';

/**
 * A generation id: how many establishments the card has seen in the upper half, so that "older" means
 * something, and randomness in the lower, so that no two cards ever mean the same one.
 */
export function newGeneration(establishments: number, entropy: Entropy): bigint {
  const random = new Uint8Array(4);
  entropy.fill(random);
  return (BigInt(establishments) << 32n) | BigInt(new DataView(random.buffer).getUint32(0));
}

/** Whether `a` comes from an earlier establishment than `b`. */
export function isOlderGeneration(a: bigint, b: bigint): boolean {
  return a >> 32n < b >> 32n;
}
