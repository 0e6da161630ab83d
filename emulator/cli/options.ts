import { resolve } from 'node:path';
import { parseAddress } from '../parts/address.js';
import { UsageError } from './errors.js';
import { parseSize } from './sizes.js';

/** Reads the size given to `option`; the option's name goes before what is wrong. */
export function sizeOf(option: string): (text: string) => number {
  return (text) => {
    try {
      return parseSize(text);
    } catch (error) {
      throw error instanceof UsageError ? new UsageError(`${option}: ${error.message}`) : error;
    }
  };
}

/** Checks an address as far as that can be done here; it stays text, since the card takes it as text. */
export function addressText(text: string): string {
  parseAddress(text);
  return text;
}

/**
 * The path of a medium for the card. A card has no idea of this program's directory, so a relative path counts
 * from there; on another machine only an absolute one makes sense.
 */
export function mediumPath(text: string): string {
  if (text === '') throw new UsageError('The path of a medium cannot be empty.');
  return resolve(text);
}

export const MEDIUM_PATH_HELP = "on the card's machine; a relative path counts from the current directory here";
