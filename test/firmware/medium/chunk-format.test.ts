import { create } from '@bufbuild/protobuf';
import { sizeDelimitedEncode } from '@bufbuild/protobuf/wire';
import { describe, expect, test } from 'vitest';
import { Blake3Digest } from '../../../emulator/parts/blake3-digest.js';
import { chunkDigest, decodeChunk, encodeChunkHead, type Extent } from '../../../firmware/medium/chunk-format.js';
import { extentAt } from '../../../firmware/medium/extent-plan.js';
import { Bitmap } from '../../../firmware/metadata/bitmap.js';
import { MAX_CHUNK_HEAD_BYTES, MAX_TRANSFER_BYTES, MAX_VOLUME_BYTES } from '../../../firmware/limits.js';
import { MediumChunkSchema } from '../../../protos/gen/grainlink/medium/v1/medium_pb.js';

const digest = new Blake3Digest();

function encoded(index: number, extent: Extent, payload: Uint8Array): Uint8Array {
  const head = encodeChunkHead(index, extent, chunkDigest(digest, index, extent, payload));
  return Buffer.concat([head, payload]);
}

describe('a chunk', () => {
  const data: Extent = { offsetBytes: 4096, lengthBytes: 8192, unwritten: false };
  const payload = Uint8Array.from({ length: 8192 }, (_, at) => at & 0xff);

  test('is an ordinary varint-delimited message, byte for byte', () => {
    const message = create(MediumChunkSchema, {
      index: 7n, offsetBytes: 4096n, lengthBytes: 8192n, unwritten: false, digest: chunkDigest(digest, 7, data, payload), payload,
    });
    expect(Buffer.compare(encoded(7, data, payload), sizeDelimitedEncode(MediumChunkSchema, message))).toBe(0);
  });

  test('comes back as it was', () => {
    const bytes = encoded(7, data, payload);
    const chunk = decodeChunk(bytes, 2);
    expect(chunk).toMatchObject({ index: 7, ...data, encodedBytes: bytes.length });
    expect(Buffer.compare(chunk?.payload ?? new Uint8Array(), payload)).toBe(0);
  });

  test('has a head within its limit even at the far end of the largest volume', () => {
    const last = { offsetBytes: MAX_VOLUME_BYTES - MAX_TRANSFER_BYTES, lengthBytes: MAX_TRANSFER_BYTES, unwritten: false };
    expect(encodeChunkHead(2 ** 32, last, new Uint8Array(32)).length).toBeLessThanOrEqual(MAX_CHUNK_HEAD_BYTES);
  });

  test('is refused when any byte of its head differs from what an export writes', () => {
    const good = encoded(7, data, payload);
    for (let at = 2; at < good.length - payload.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const bad = good.slice();
        bad[at] = (bad[at] ?? 0) ^ (1 << bit);
        const chunk = decodeChunk(bad, 2);
        const believed = chunk !== undefined && Buffer.compare(chunkDigest(digest, chunk.index, chunk, chunk.payload), chunk.digest) === 0;
        expect(believed, `bit ${String(bit)} of byte ${String(at)}`).toBe(false);
      }
    }
  });

  test('with numbers beyond all measure is refused, not crashed over', () => {
    const monster = create(MediumChunkSchema, { index: 2n ** 64n - 1n, offsetBytes: 2n ** 64n - 1n, lengthBytes: 2n ** 64n - 1n, unwritten: true });
    expect(decodeChunk(sizeDelimitedEncode(MediumChunkSchema, monster), 1)).toBeUndefined();
  });

  test('digests index, offset, length and unwritten along with the payload', () => {
    const digests = [
      chunkDigest(digest, 7, data, payload),
      chunkDigest(digest, 8, data, payload),
      chunkDigest(digest, 7, { ...data, offsetBytes: 0 }, payload),
      chunkDigest(digest, 7, { ...data, lengthBytes: 4096 }, payload),
      chunkDigest(digest, 7, { ...data, unwritten: true }, payload),
    ];
    expect(new Set(digests.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(5);
  });
});

describe('the plan of chunks', () => {
  const KIB = 1024;

  function plan(written: readonly (readonly [number, number])[], grains: number, grainBytes: number, sizeBytes: number): Extent[] {
    const map = new Bitmap(new Uint8Array(Math.ceil(grains / 32) * 4), grains);
    for (const [first, count] of written) map.setRange(first, count);
    const withGrains = { grains, has: (grain: number) => map.has(grain), nextSet: (from: number) => map.nextSet(from) };
    const extents: Extent[] = [];
    for (let at = 0; at < sizeBytes;) {
      const extent = extentAt(withGrains, grainBytes, sizeBytes, at);
      extents.push(extent);
      at += extent.lengthBytes;
    }
    return extents;
  }

  test('makes one marker of a run never written, and pieces of a transfer of a written one', () => {
    expect(plan([[2, 100]], 1000, 4 * KIB, 4000 * KIB)).toEqual([
      { offsetBytes: 0, lengthBytes: 8 * KIB, unwritten: true },
      { offsetBytes: 8 * KIB, lengthBytes: 256 * KIB, unwritten: false },
      { offsetBytes: 264 * KIB, lengthBytes: 144 * KIB, unwritten: false },
      { offsetBytes: 408 * KIB, lengthBytes: 3592 * KIB, unwritten: true },
    ]);
  });

  test('divides a grain larger than a transfer, and ends with a short last grain', () => {
    expect(plan([[1, 1]], 2, 512 * KIB, 900 * KIB)).toEqual([
      { offsetBytes: 0, lengthBytes: 512 * KIB, unwritten: true },
      { offsetBytes: 512 * KIB, lengthBytes: 256 * KIB, unwritten: false },
      { offsetBytes: 768 * KIB, lengthBytes: 132 * KIB, unwritten: false },
    ]);
  });
});
