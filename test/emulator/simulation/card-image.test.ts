import { expect, test } from 'vitest';
import { Block } from '../../../emulator/simulation/block.js';
import { CardImage, type Unsettled } from '../../../emulator/simulation/card-image.js';
import { Fingerprint } from '../../../emulator/simulation/fingerprint.js';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';

const block = (value: number): Uint8Array => new Uint8Array(512).fill(value);
const line = (value: number): Uint8Array => new Uint8Array(64).fill(value);

function fingerprintOf(image: CardImage): number {
  const fingerprint = new Fingerprint();
  image.addTo(fingerprint, 0);
  return fingerprint.value;
}

function imageWith(...writes: Unsettled[]): CardImage {
  const image = new CardImage(SMALL_GEOMETRY);
  for (const write of writes) image.settle(write, () => 'new');
  return image;
}

const volumeWrite: Unsettled = { part: 'volume', atoms: [{ at: 5, bytes: block(7) }, { at: 6, bytes: block(8) }] };
const persist: Unsettled = { part: 'nvram', atoms: [{ at: 2, bytes: line(1) }, { at: 3, bytes: line(2) }] };

test('a write settles as it is told for each block and line, and can be taken back', () => {
  const image = imageWith({ part: 'volume', atoms: [{ at: 5, bytes: block(1) }] }, { part: 'nvram', atoms: [{ at: 3, bytes: line(9) }] });
  const before = fingerprintOf(image);
  const undo = [image.settle(volumeWrite, (_write, index) => (index === 0 ? 'new' : 'old')), image.settle(persist, (_write, index) => (index === 0 ? 'new' : 'damaged'))];
  expect([image.volume.get(5).bytes[0], image.volume.get(6).bytes[0], image.nvram.bytes[128], image.nvram.bytes[192], [...image.nvram.damagedLines]]).toEqual([7, 0, 1, 9, [3]]);
  expect(fingerprintOf(image)).not.toBe(before);
  for (const back of undo.reverse()) back();
  expect([image.volume.get(5).bytes[0], image.nvram.bytes[128], [...image.nvram.damagedLines], fingerprintOf(image)]).toEqual([1, 0, [], before]);
});

test('taking back a line that was damaged before leaves it damaged', () => {
  const image = new CardImage(SMALL_GEOMETRY);
  image.nvram.damagedLines.add(2);
  image.settle(persist, () => 'new')();
  expect([...image.nvram.damagedLines]).toEqual([2]);
});

test('the fingerprint says what is held, and nothing of how it came there', () => {
  const image = imageWith(volumeWrite, persist);
  const otherWay = imageWith(persist, { part: 'volume', atoms: [{ at: 6, bytes: block(3) }] }, volumeWrite);
  const copy = new CardImage(SMALL_GEOMETRY);
  copy.copyFrom(image);
  expect([fingerprintOf(otherWay), fingerprintOf(copy)]).toEqual([fingerprintOf(image), fingerprintOf(image)]);
  copy.nvram.doubtful = true;
  expect(fingerprintOf(copy)).not.toBe(fingerprintOf(image));
  expect(fingerprintOf(imageWith({ ...volumeWrite, part: 'store' }, persist))).not.toBe(fingerprintOf(image));
});

test('a copy goes its own way', () => {
  const image = imageWith(volumeWrite);
  const copy = new CardImage(SMALL_GEOMETRY);
  copy.copyFrom(image);
  copy.settle(persist, () => 'damaged');
  copy.volume.set(5, new Block(block(1)));
  expect([image.volume.get(5).bytes[0], image.nvram.damagedLines.size]).toEqual([7, 0]);
});
