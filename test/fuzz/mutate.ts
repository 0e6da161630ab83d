import { MAX_PART_BYTES } from './input-file.js';
import { type Below, mutateBytes } from './mutate-bytes.js';
import { mutateMessage } from './mutate-message.js';
import type { Input } from './target.js';

const MOST_PARTS = 64;
const MOST_MUTATIONS = 4;

/**
 * Another input, made of this one by a few changes.
 * @param other whose parts may be taken over.
 */
export function mutate(input: Input, other: Input, below: Below): Input {
  let mutant = input;
  for (let left = 1 + below(MOST_MUTATIONS); left > 0; left -= 1) mutant = mutateOnce(mutant, other, below);
  return mutant;
}

function mutateOnce(input: Input, other: Input, below: Below): Input {
  const parts = [...input];
  const at = below(parts.length + 1);
  switch (below(12)) {
    case 0:
      parts.splice(at, 1);
      break;
    case 1: // A part again, or one of the other's.
      parts.splice(at, 0, pick(below(2) === 0 ? input : other, below));
      break;
    case 2:
      parts.splice(at, 1, pick(other, below));
      break;
    case 3: // In another order.
      parts.splice(below(parts.length + 1), 0, ...parts.splice(at, 1));
      break;
    default: {
      const part = pick(input, below);
      const index = input.indexOf(part);
      const message = below(2) === 0 ? mutateMessage(part, below)?.subarray(0, MAX_PART_BYTES) : undefined;
      parts[Math.max(index, 0)] = message ?? mutateBytes(part, below);
    }
  }
  return parts.slice(0, MOST_PARTS);
}

function pick(input: Input, below: Below): Uint8Array {
  return input[below(input.length)] ?? new Uint8Array(0);
}
