import { describe, expect, it } from 'vitest';
import { Blake3Digest } from '../../../emulator/parts/blake3-digest.js';
import { pattern } from '../support.js';

const text = (words: string): Uint8Array => Buffer.from(words);

describe('the hash block', () => {
  const digest = new Blake3Digest();

  it("gives BLAKE3's published digest of the empty input", () => {
    const hex = Buffer.from(digest.digest([])).toString('hex');
    expect(hex).toBe('af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262');
    expect(Buffer.from(digest.digest([new Uint8Array()])).toString('hex')).toBe(hex);
    expect(digest.digestBytes).toBe(32);
  });

  it('takes parts for what they are together, and keeps nothing from the input before', () => {
    const whole = pattern(10_000, 1);
    const once = digest.digest([whole]);
    expect(digest.digest([whole.subarray(0, 1), whole.subarray(1, 5000), whole.subarray(5000)])).toEqual(once);
    expect(digest.digest([whole.subarray(0, 1), whole.subarray(1)])).toEqual(once);
  });

  it('gives the check value of CRC-32C', () => {
    expect(digest.crc32c(text('123456789'))).toBe(0xe3069283);
  });
});
