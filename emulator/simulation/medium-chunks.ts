import { CHUNKS_OFFSET_BYTES } from '../../firmware/medium/label-blocks.js';
import type { Random } from './random.js';

export interface Place {
  readonly start: number;
  readonly end: number;
}

const MORE = 0x80;
const DIGIT = 0x7f;
const BASE = 128;

/** Two chunks of as many bytes change places on a medium. @returns whether there were two. */
export function swapChunks(medium: Uint8Array, random: Random): boolean {
  const places = chunkPlaces(medium);
  if (places.length === 0) return false;
  const one = random.pick(places);
  const others = places.filter(({ start, end }) => start !== one.start && end - start === one.end - one.start);
  if (others.length === 0) return false;
  exchange(medium, one, random.pick(others));
  return true;
}

/** @param other as long as `one`. */
export function exchange(medium: Uint8Array, one: Place, other: Place): void {
  const bytes = medium.slice(one.start, one.end);
  medium.copyWithin(one.start, other.start, other.end);
  medium.set(bytes, other.start);
}

/** Where each chunk begins and ends, as far as there are whole ones: a length as a varint, and so many bytes. */
export function chunkPlaces(medium: Uint8Array): Place[] {
  const places: Place[] = [];
  for (let start = CHUNKS_OFFSET_BYTES; start < medium.length;) {
    let length = 0;
    let at = start;
    for (let factor = 1, digit = MORE; digit >= MORE && at < medium.length; factor *= BASE, at += 1) {
      digit = medium[at] ?? 0;
      length += (digit & DIGIT) * factor;
    }
    const end = at + length;
    if (end > medium.length) break;
    places.push({ start, end });
    start = end;
  }
  return places;
}
