import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { VolumeModel } from '../../../../emulator/cli/demo/volume-model.js';

const BLOCK = 4096;
const BLOCKS = 16;

describe('the model of a volume', () => {
  it('knows the data that the volume was filled with, and zeroes behind it', () => {
    const model = new VolumeModel(BLOCKS * BLOCK);
    const data = randomBytes(3 * BLOCK);
    model.fill(data);
    const content = Buffer.concat([data, Buffer.alloc(BLOCK)]);
    expect(model.firstWrongBlock(0, content, model.bounds())).toBeUndefined();
    content.writeUInt8(1, 3 * BLOCK + 7);
    expect(model.firstWrongBlock(0, content, model.bounds())).toBe(3);
    content.writeUInt8(content.readUInt8(BLOCK) ^ 1, BLOCK);
    expect(model.firstWrongBlock(0, content, model.bounds())).toBe(1);
  });

  it('wants the newest acknowledged write, and takes a newer one that is in flight', () => {
    const model = new VolumeModel(BLOCKS * BLOCK);
    const first = model.nextWrite(4, 2);
    first.acknowledged();
    const second = model.nextWrite(5, 1);
    expect(model.firstWrongBlock(4, first.data, model.bounds())).toBeUndefined();
    expect(model.firstWrongBlock(5, second.data, model.bounds())).toBeUndefined();
    second.acknowledged();
    expect(model.firstWrongBlock(4, first.data, model.bounds())).toBe(5);
    expect(model.firstWrongBlock(5, second.data, model.bounds())).toBeUndefined();
  });

  it('does not let an older answer that comes late take back a newer one', () => {
    const model = new VolumeModel(BLOCKS * BLOCK);
    const [older, newer] = [model.nextWrite(0, 1), model.nextWrite(0, 1)];
    newer.acknowledged();
    older.acknowledged();
    expect(model.firstWrongBlock(0, older.data, model.bounds())).toBe(0);
  });

  it('holds content of another moment or place for wrong', () => {
    const model = new VolumeModel(BLOCKS * BLOCK);
    const before = model.bounds();
    const write = model.nextWrite(2, 1);
    write.acknowledged();
    expect(model.firstWrongBlock(2, write.data, before)).toBe(2);
    expect(model.firstWrongBlock(2, Buffer.alloc(BLOCK), model.bounds())).toBe(2);
    const elsewhere = model.nextWrite(3, 1);
    elsewhere.acknowledged();
    expect(model.firstWrongBlock(3, write.data, model.bounds())).toBe(3);
  });

  it('finds a block that is mixed of two writes', () => {
    const model = new VolumeModel(BLOCKS * BLOCK);
    const older = model.nextWrite(0, 1);
    const newer = model.nextWrite(0, 1);
    newer.acknowledged();
    const torn = Buffer.concat([newer.data.subarray(0, 512), older.data.subarray(512)]);
    expect(model.firstWrongBlock(0, torn, model.bounds())).toBe(0);
  });
});
