import { randomFillSync } from 'node:crypto';
import type { Entropy } from '../../firmware/hal.js';

/** Randomness from the operating system. */
export const cryptoEntropy: Entropy = {
  fill(into: Uint8Array): void {
    randomFillSync(into);
  },
};
