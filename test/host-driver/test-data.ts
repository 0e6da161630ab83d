/** Pseudorandom numbers from a seed: xorshift, 32 bits. Tests that use it run the same every time. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Bytes that differ from place to place and from seed to seed, and are nowhere all zero. */
export function pattern(lengthBytes: number, seed: number): Uint8Array {
  const random = randomNumbers(seed * 2654435761 + 1);
  const bytes = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes; at += 1) bytes[at] = 1 + random(255);
  return bytes;
}
