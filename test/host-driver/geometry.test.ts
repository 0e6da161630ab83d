import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { geometryOf } from '../../host-driver/geometry.js';
import { ConnectionLostError } from '../../host-driver/index.js';
import { ConnectedSchema } from '../../protos/gen/grainlink/host/v1/host_pb.js';

const MIB = 2 ** 20;

function connected(overrides: MessageInitShape<typeof ConnectedSchema> = {}) {
  return create(ConnectedSchema, {
    version: 1,
    queueDepth: 32,
    adminQueueDepth: 8,
    maxTransferBytes: 256 * 1024,
    blockBytes: 512,
    volumeBlocks: 2048n,
    maxZeroBlocks: 100,
    queueSlot: 3,
    ...overrides,
  });
}

describe('geometryOf', () => {
  it('counts in bytes what the card counts in blocks', () => {
    expect(geometryOf(connected(), 32, MIB)).toEqual({
      blockBytes: 512,
      volumeBytes: MIB,
      maxTransferBytes: 256 * 1024,
      maxZeroBytes: 51_200,
      queueDepth: 32,
      adminQueueDepth: 8,
      queueSlot: 3,
    });
  });

  it('keeps transfers to whole blocks of what the line takes, and to one at least', () => {
    expect(geometryOf(connected(), 32, 4147).maxTransferBytes).toBe(4096);
    expect(geometryOf(connected(), 32, 10).maxTransferBytes).toBe(512);
  });

  it.each<[string, MessageInitShape<typeof ConnectedSchema>]>([
    ['version', { version: 2 }],
    ['block_bytes', { blockBytes: 0 }],
    ['block_bytes', { blockBytes: 1000 }],
    ['block_bytes', { blockBytes: 2 ** 31 }],
    ['volume_blocks', { volumeBlocks: 0n }],
    ['volume_blocks', { volumeBlocks: 2n ** 63n }],
    ['queue_depth', { queueDepth: 0 }],
    ['queue_depth', { queueDepth: 33 }],
    ['admin_queue_depth', { adminQueueDepth: 0 }],
    ['admin_queue_depth', { adminQueueDepth: 2 ** 31 }],
    ['max_transfer_bytes', { maxTransferBytes: 511 }],
    ['max_zero_blocks', { maxZeroBlocks: 0 }],
  ])('does not believe a card whose %s makes no sense', (field, overrides) => {
    expect(() => geometryOf(connected(overrides), 32, MIB)).toThrow(ConnectionLostError);
    expect(() => geometryOf(connected(overrides), 32, MIB)).toThrow(field);
  });
});
