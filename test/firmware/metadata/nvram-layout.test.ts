import { describe, expect, test } from 'vitest';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import { DEFAULT_NVRAM_BYTES, MAX_STORE_SLOTS } from '../../../firmware/limits.js';
import { type Geometry, geometryError, grainBytesFor, grainsOf, layoutOf } from '../../../firmware/metadata/nvram-layout.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const TIB = 1024 * GIB;
const GOOD: Geometry = { sizeBytes: MIB, grainBytes: 4 * KIB, nvramBytes: 64 * KIB, storeBytes: 256 * KIB };

describe.each<[string, Geometry]>([
  ['the smallest', GOOD],
  ['an odd one', { sizeBytes: 3 * MIB + 12 * KIB, grainBytes: 64 * KIB, nvramBytes: 100_032, storeBytes: MIB }],
  ['a terabyte', { sizeBytes: TIB, grainBytes: 512 * KIB, nvramBytes: 2 * MIB, storeBytes: 256 * GIB }],
  ['the largest', { sizeBytes: 16 * TIB, grainBytes: 16 * MIB, nvramBytes: 2 * MIB, storeBytes: 4 * TIB }],
])('the layout of %s', (_what, geometry) => {
  const layout = layoutOf(geometry);
  const regions = [...layout.controlBlocks, ...layout.positions, layout.dirty, layout.written, layout.t0Written, layout.t0Index];

  test('has regions of whole lines that follow each other, within NVRAM', () => {
    expect(geometryError(geometry)).toBeUndefined();
    let next = 0;
    for (const { offsetBytes, lengthBytes } of regions) {
      expect([offsetBytes, offsetBytes % NVRAM_LINE_BYTES, lengthBytes % NVRAM_LINE_BYTES]).toEqual([next, 0, 0]);
      next += lengthBytes;
    }
    expect(next).toBeLessThanOrEqual(geometry.nvramBytes);
  });

  test('has a bit for each grain, and an entry for each slot that the store has room for', () => {
    for (const map of [layout.dirty, layout.written, layout.t0Written]) expect(map.lengthBytes * 8).toBeGreaterThanOrEqual(layout.grains);
    expect(layout.t0Index.lengthBytes).toBeGreaterThanOrEqual(layout.storeSlots * 4);
    expect(layout.storeSlots).toBeGreaterThan(0);
    expect(layout.storeSlots * geometry.grainBytes).toBeLessThanOrEqual(geometry.storeBytes);
    expect(layout.storeSlots).toBeLessThanOrEqual(MAX_STORE_SLOTS);
  });
});

describe('a geometry is refused', () => {
  test.each<[string, Partial<Geometry>, string]>([
    ['too small a volume', { sizeBytes: MIB - 4 * KIB }, 'volume size must be between'],
    ['too large a volume', { sizeBytes: 16 * TIB + 4 * KIB }, 'volume size must be between'],
    ['a volume of half a page', { sizeBytes: MIB + 512 }, 'multiple of 4 KiB'],
    ['no number at all', { sizeBytes: Number.NaN }, 'volume size must be between'],
    ['too small a grain', { grainBytes: 2 * KIB }, 'grain size must be a power of two'],
    ['too large a grain', { grainBytes: 32 * MIB }, 'grain size must be a power of two'],
    ['a grain that is no power of two', { grainBytes: 12 * KIB }, 'grain size must be a power of two'],
    ['a grain larger than the volume', { grainBytes: 2 * MIB }, 'must not exceed'],
    ['too small an NVRAM', { nvramBytes: 32 * KIB }, 'NVRAM size'],
    ['an NVRAM of half a line', { nvramBytes: 64 * KIB + 32 }, 'NVRAM size'],
    ['maps that do not fit', { sizeBytes: GIB }, 'do not fit the NVRAM'],
    ['a store of less than a grain', { storeBytes: 2 * KIB }, 'at least one grain'],
    ['a store of half a block', { storeBytes: 8 * KIB + 100 }, 'multiple of 512'],
  ])('for %s', (_what, change, sentence) => {
    expect(geometryError({ ...GOOD, ...change })).toContain(sentence);
  });
});

test('the last grain may be short', () => {
  expect(grainsOf({ sizeBytes: MIB + 4 * KIB, grainBytes: 64 * KIB })).toBe(17);
});

test.each([
  [MIB, 64 * KIB],
  [GIB, 64 * KIB],
  [TIB, 256 * KIB],
  [16 * TIB, 4 * MIB],
])('the grain size that follows from %i bytes and the default NVRAM is the smallest that fits', (sizeBytes, expected) => {
  expect(grainBytesFor(sizeBytes, DEFAULT_NVRAM_BYTES)).toBe(expected);
  const smaller = { sizeBytes, grainBytes: expected / 2, nvramBytes: DEFAULT_NVRAM_BYTES, storeBytes: expected };
  if (expected > 64 * KIB) expect(geometryError(smaller)).toContain('do not fit');
});

test('no grain size fits where NVRAM is too small for the volume', () => {
  expect(grainBytesFor(16 * TIB, 64 * KIB)).toBeUndefined();
});
