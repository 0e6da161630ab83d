import { expect, test } from 'vitest';
import { atomFates, momentOf, outcomesOf, visitCrashes } from '../../../../emulator/simulation/exhaustive/outcomes.js';
import type { Unsettled } from '../../../../emulator/simulation/card-image.js';
import { Fingerprint } from '../../../../emulator/simulation/fingerprint.js';
import { PairImage } from '../../../../emulator/simulation/pair-image.js';
import { Random } from '../../../../emulator/simulation/random.js';
import { SMALL_GEOMETRY } from '../../../../emulator/simulation/geometries.js';
import type { World } from '../../../../emulator/simulation/world.js';
import { livePair } from '../worlds.js';

const BLOCK = 512;

/** What a block of the primary holds: the value that was written, or what was there before. */
function valueOf({ primary }: Pick<World, 'primary'> | PairImage, block: number): string {
  const [value = 0] = ('image' in primary ? primary.image : primary).volume.get(block).bytes;
  return value < 10 ? String(value) : 'old';
}

function write(world: World, firstBlock: number, values: readonly number[]): void {
  const bytes = Uint8Array.from({ length: values.length * BLOCK }, (_, at) => values[Math.floor(at / BLOCK)] ?? 0);
  world.primary.volume.write(firstBlock * BLOCK, bytes, { succeed: () => undefined, fail: () => undefined });
}

test('a torn write is new in its first half; a torn persist ends in a damaged line', () => {
  const atoms = [0, 1, 2, 3].map((at) => ({ at, bytes: new Uint8Array(BLOCK) }));
  const fates = (unsettled: Unsettled): string[] => unsettled.atoms.map((_atom, index) => atomFates('torn')(unsettled, index));
  expect(fates({ part: 'volume', atoms })).toEqual(['new', 'new', 'old', 'old']);
  expect(fates({ part: 'nvram', atoms })).toEqual(['new', 'new', 'damaged', 'old']);
  expect(fates({ part: 'nvram', atoms: atoms.slice(0, 1) })).toEqual(['damaged']);
  expect([atomFates('new'), atomFates('old')].map((fate) => fate({ part: 'nvram', atoms }, 2))).toEqual(['new', 'old']);
});

test('visits every combination of old, new and torn, and leaves the cards as they are', () => {
  const { world } = livePair();
  write(world, 100, [1, 2]);
  write(world, 200, [3]);
  const image = new PairImage(SMALL_GEOMETRY);
  const seen: string[] = [];
  const states = visitCrashes(world, image, new Random(1), () => true, () => { seen.push([100, 101, 200].map((block) => valueOf(image, block)).join(' ')); });
  expect(seen.sort()).toEqual(['1 2 3', '1 2 old', '1 old 3', '1 old old', 'old old 3', 'old old old']);
  expect(states).toBe(6);
  expect(valueOf(world, 100)).toBe('old');
  expect(outcomesOf(world.primary, new Random(1))).toHaveLength(6);
});

test.each([200, 101])('tells states apart by what they hold, also where two writes go to one block: %i', (second) => {
  const { world } = livePair();
  write(world, 100, [1, 2]);
  write(world, second, [3]);
  const image = new PairImage(SMALL_GEOMETRY);
  const visited: number[] = [];
  const held: number[] = [];
  const seen = new Set<number>();
  visitCrashes(world, image, new Random(1), ({ value }) => {
    visited.push(value);
    const isNew = !seen.has(value);
    seen.add(value);
    return isNew;
  }, () => {
    const fingerprint = new Fingerprint();
    image.addTo(fingerprint);
    held.push(fingerprint.value);
  });
  // Where both go to block 101 the second is new in two of the three outcomes that differ only in what is under it.
  expect([visited.length, seen.size, held]).toEqual([6, second === 200 ? 6 : 5, [...seen]]);
});

test('of more than four unsettled writes it takes a sample', () => {
  const { world } = livePair();
  for (let at = 0; at < 5; at += 1) write(world, 100 + 10 * at, [1, 2]);
  const outcomes = outcomesOf(world.primary, new Random(1));
  expect(outcomes).toHaveLength(81);
  for (let place = 0; place < 5; place += 1) expect(new Set(outcomes.map((fates) => fates[place]))).toEqual(new Set(['old', 'new', 'torn']));
});

test('the outcomes that are drawn are different ones', () => {
  const { world } = livePair();
  for (let at = 0; at < 7; at += 1) write(world, 100 + 10 * at, [1, 2]);
  const drawn = outcomesOf(world.primary, new Random(3));
  expect(new Set(drawn.map((fates) => fates.join())).size).toBe(drawn.length);
});

test('a moment is told from others by what is durable, and by what is not settled', () => {
  const { world } = livePair();
  const moments = [momentOf(world).value];
  for (const [block, values] of [[100, [1]], [100, [1]], [101, [1]], [101, [2]]] as const) {
    write(world, block, values);
    moments.push(momentOf(world).value);
  }
  expect(momentOf(world).value).toBe(moments.at(-1));
  expect(new Set(moments).size).toBe(5);
});
