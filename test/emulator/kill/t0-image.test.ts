import { describe, expect, it } from 'vitest';
import { HostModel, type ModelWrite } from '../../../emulator/simulation/host-model.js';
import { markedBlocks } from '../../../emulator/simulation/marked-blocks.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { acknowledged } from './host.js';
import { T0Window } from './t0-image.js';

const BLOCKS = 8;

/** A volume that holds writes, one after the other. */
function volumeOf(...writes: readonly Pick<ModelWrite, 'firstBlock' | 'blocks' | 'mark'>[]): (block: number) => Uint8Array {
  const volume: Uint8Array[] = Array.from({ length: BLOCKS }, () => new Uint8Array(BLOCK_BYTES));
  for (const { firstBlock, blocks, mark } of writes) {
    for (let block = firstBlock; block < firstBlock + blocks; block += 1) volume[block] = mark === 0 ? new Uint8Array(BLOCK_BYTES) : markedBlocks(block, 1, mark);
  }
  return (block) => volume[block] ?? new Uint8Array(BLOCK_BYTES);
}

function written(model: HostModel, firstBlock: number, blocks: number): ModelWrite {
  const write = model.write(firstBlock, blocks, false);
  acknowledged(model, write);
  return write;
}

describe('what T0 may hold', () => {
  it('is what was there before, and any of what was written until it was there', () => {
    const model = new HostModel(BLOCKS);
    const before = written(model, 0, 4);
    const window = new T0Window(model);
    const first = written(model, 2, 2);
    const second = written(model, 3, 2);
    window.close();
    const after = written(model, 3, 1);
    for (const volume of [volumeOf(before), volumeOf(before, first), volumeOf(before, first, second)]) window.mustBe(volume);
    expect(() => { window.mustBe(volumeOf(before, first, second, after)); }).toThrow('T0: block 3 holds write 4; write 1, write 2, write 3 would do');
    expect(() => { window.mustBe(volumeOf()); }).toThrow('T0: block 0 holds zeroes; write 1 would do');
  });

  it('is one instant: with a write all that was acknowledged before that one was asked for', () => {
    const model = new HostModel(BLOCKS);
    const window = new T0Window(model);
    const first = written(model, 0, 1);
    const second = written(model, 5, 1);
    window.mustBe(volumeOf(first));
    expect(() => { window.mustBe(volumeOf(second)); }).toThrow('T0 holds the write of order 1, and lacks that of order 0, which was acknowledged before that one was submitted');
  });

  it('may lack an earlier write that had not been acknowledged when a later one was asked for', () => {
    const model = new HostModel(BLOCKS);
    const window = new T0Window(model);
    const slow = model.write(0, 1, false);
    const quick = written(model, 5, 1);
    acknowledged(model, slow);
    window.mustBe(volumeOf(quick));
  });

  it('holds a write wholly or not at all, unless a broken link may have torn it', () => {
    const model = new HostModel(BLOCKS);
    const window = new T0Window(model);
    const write = written(model, 2, 3);
    const part = volumeOf({ ...write, blocks: 1 });
    expect(() => { window.mustBe(part); }).toThrow('T0 holds a part of write 1');
    window.mustBe(part, { name: 'a secondary', torn: true });
  });

  it('does not tell zeroes of one write from those of another', () => {
    const model = new HostModel(BLOCKS);
    const window = new T0Window(model);
    const data = written(model, 1, 2);
    acknowledged(model, model.zero(1, 2, false));
    window.mustBe(volumeOf());
    window.mustBe(volumeOf(data));
  });
});
