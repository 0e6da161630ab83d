import type { Input } from './target.js';

const MAX_RUNS = 3_000;

/** What tells one finding from another: the kind of error and where it was thrown, whatever numbers it names. */
export function causeOf(error: Error): string {
  const [, place = ''] = (error.stack ?? '').split('\n    at ');
  return `${error.name} ${error.message.replace(/\d+/g, '#')} ${place}`;
}

/**
 * The smallest input that shows the same, as far as leaving out parts, and stretches of what is left, leads.
 * @param showsTheSame runs an input.
 */
export function minimize(input: Input, showsTheSame: (candidate: Input) => boolean): Input {
  let smallest = input;
  let runs = 0;
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (const candidate of smallerThan(smallest)) {
      if (runs === MAX_RUNS) return smallest;
      runs += 1;
      if (!showsTheSame(candidate)) continue;
      smallest = candidate;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

/** First without whole parts, then without shorter and shorter stretches of one. */
function* smallerThan(input: Input): Generator<Input> {
  for (let at = input.length - 1; at >= 0; at -= 1) yield input.filter((_, index) => index !== at);
  for (const [index, part] of input.entries()) {
    for (let length = part.length; length >= 1; length = Math.floor(length / 2)) {
      for (let from = part.length - length; from >= 0; from -= length) {
        const shorter = new Uint8Array(Buffer.concat([part.subarray(0, from), part.subarray(from + length)]));
        yield input.map((other, place) => (place === index ? shorter : other));
      }
    }
  }
}
