import type { IoCommand } from './io-command.js';
import { writeZeroes } from './write-zeroes.js';

/**
 * What is discarded reads as zeroes from then on. A host may count on that, and both cards have to hold the
 * same (rule 2), so a discard is a write of zeroes and not a hint.
 */
export const discard: IoCommand = writeZeroes;
