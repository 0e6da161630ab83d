import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../emulator/cli/errors.js';
import { formatBytes, parseSize } from '../../../emulator/cli/sizes.js';

describe('a size on the command line', () => {
  it.each([
    ['0', 0],
    ['4096', 4096],
    ['512B', 512],
    ['4KiB', 4096],
    ['4kib', 4096],
    ['4K', 4096],
    ['1MiB', 1024 ** 2],
    ['1G', 1024 ** 3],
    ['1TiB', 1024 ** 4],
    ['16TiB', 16 * 1024 ** 4],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', '-1', '1.5GiB', '0x10', '1e6', 'GiB', '1 GiB x', '1XiB', '99999999TiB'])('%j is refused', (text) => {
    expect(() => parseSize(text)).toThrow(UsageError);
  });

  it.each(['1KB', '1mb', '2GB', '3tb'])('%s is refused because it can mean two sizes', (text) => {
    expect(() => parseSize(text)).toThrow(/two sizes: write [KMGT]iB/);
  });
});

describe('a size for people', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.50 KiB'],
    [1024 ** 3, '1 GiB'],
    [41.3 * 1024 ** 2, '41.3 MiB'],
    [16n * 1024n ** 4n, '16 TiB'],
  ])('%s bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
