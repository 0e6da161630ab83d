import type { DmaMemory } from '../../firmware/hal.js';

/** DMA memory of a card that boots once in its process. */
export const heapMemory: DmaMemory = { take: (lengthBytes) => new Uint8Array(lengthBytes) };
