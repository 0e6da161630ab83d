import { closeSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBoardFile } from '../../../emulator/board-file.js';
import { linePosition } from '../../../emulator/parts/nvram-file-format.js';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import { layoutOf, type NvramLayout, type Region } from '../../../firmware/metadata/nvram-layout.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { pattern } from '../../host-driver/test-data.js';
import type { CardInProcess } from '../processes/card-in-process.js';
import { CARD_BYTES, contentOf, expectRefusal, exported, GRAIN_BYTES, loadFrom, mediumOf, newCard, switchOn, synchronize, synchronized } from './bench.js';

/** What happens to the NVRAM of a card that is off. */
type Damage = (path: string, layout: NvramLayout) => void;

const DAMAGES: readonly (readonly [string, Damage])[] = [
  ['is not there', (path) => { rmSync(path); }],
  ['is cut off at an odd byte behind its first control block', (path, { controlBlocks: [, second] }) => {
    truncateSync(path, positionOf(second) + 1001);
  }],
  ['holds noise', (path) => { overwrite(path, 0, statSync(path).size); }],
  ['is damaged in both control blocks', (path, { controlBlocks }) => { for (const block of controlBlocks) overwrite(path, positionOf(block), 10); }],
  ['is damaged in its dirty map', (path, { dirty }) => { overwrite(path, positionOf(dirty), 10); }],
  ['is damaged in its written map', (path, { written }) => { overwrite(path, positionOf(written), 10); }],
];

describe.each(DAMAGES)('an NVRAM file that %s (rule 14)', (_what, damage) => {
  it('is told at the primary, costs no data, and the pair finds itself again without a command', async () => {
    const [primary, secondary] = await livePair();
    const content = await contentOf(primary.driver);
    await primary.kill();
    spoil(primary, damage);
    await switchOn(primary);
    expect(await contentOf(primary.driver)).toBe(content);
    await expectTold(primary);
    await primary.driver.write(CARD_BYTES - GRAIN_BYTES, pattern(4096, 5), { fua: true });
    await expectEqual(primary, secondary);
  });

  it('is told at the secondary, which is copied to what the primary holds', async () => {
    const [primary, secondary] = await livePair();
    await secondary.kill();
    spoil(secondary, damage);
    await primary.driver.write(GRAIN_BYTES, pattern(4096, 6));
    const content = await contentOf(primary.driver);
    await switchOn(secondary);
    await expectTold(secondary);
    await expectEqual(primary, secondary);
    expect(await contentOf(primary.driver)).toBe(content);
  });
});

describe('a card whose NVRAM and superblocks are both lost', () => {
  it('says so, and does not come up as something else', async () => {
    const card = await newCard('p');
    await card.driver.write(0, pattern(4096, 7));
    await card.kill();
    for (const path of [nvramOf(card), join(card.directory, 'reserved')]) overwrite(path, 0, statSync(path).size);
    await expectRefusal('CARD_DIRECTORY_DAMAGED', 'card', 'run', '--dir', card.directory, '--host', 'tcp://127.0.0.1:0');
  });
});

/** A live pair; its host has written since T0. */
async function livePair(): Promise<[CardInProcess, CardInProcess]> {
  const primary = await exported('p', 1);
  const secondary = await newCard('s');
  await loadFrom(secondary, mediumOf('p'));
  await primary.driver.write(0, pattern(3 * GRAIN_BYTES, 2));
  await synchronize(primary, secondary);
  await primary.driver.write(2 * GRAIN_BYTES, pattern(3 * GRAIN_BYTES, 3));
  await synchronized(primary, secondary);
  return [primary, secondary];
}

/** The damage stands among the card's errors. */
async function expectTold({ driver }: CardInProcess): Promise<void> {
  const codes = (await driver.status()).errors.map(({ status }) => status);
  expect(codes).toContain(Status.NVRAM_DAMAGED);
}

/** They come to be synchronized, and hold the same. */
async function expectEqual(primary: CardInProcess, secondary: CardInProcess): Promise<void> {
  await synchronized(primary, secondary);
  expect((await primary.driver.status()).grainsOutOfSync).toBe(0n);
  expect(await contentOf(secondary.driver)).toBe(await contentOf(primary.driver));
}

function spoil(card: CardInProcess, damage: Damage): void {
  damage(nvramOf(card), layoutOf(readBoardFile(card.directory)));
}

function nvramOf({ directory }: CardInProcess): string {
  return join(directory, 'nvram');
}

/** Where a region begins in the file. */
function positionOf({ offsetBytes }: Region): number {
  return linePosition(offsetBytes / NVRAM_LINE_BYTES);
}

function overwrite(path: string, position: number, lengthBytes: number): void {
  const fd = openSync(path, 'r+');
  try {
    writeSync(fd, pattern(lengthBytes, 4), 0, lengthBytes, position);
  } finally {
    closeSync(fd);
  }
}
