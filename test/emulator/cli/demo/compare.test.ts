import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBoard } from '../../../../emulator/board.js';
import { formatDirectory } from '../../../../emulator/card-directory.js';
import { compareCards } from '../../../../emulator/cli/demo/compare.js';
import { VolumeModel } from '../../../../emulator/cli/demo/volume-model.js';
import { HostDriver } from '../../../../host-driver/index.js';

const MIB = 1024 * 1024;
const GRAIN = 64 * 1024;
const DATA_BYTES = 3 * GRAIN;
const GRAINS = MIB / GRAIN;

let directory = '';
let primary = '';
let secondary = '';
let model: VolumeModel;

/** Two cards with the same three grains written; the secondary's disk held random bytes. */
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'grainlink-compare-'));
  [primary, secondary] = [join(directory, 'p'), join(directory, 's')];
  mkdirSync(secondary);
  writeFileSync(join(secondary, 'volume.000'), randomBytes(MIB));
  model = new VolumeModel(MIB);
  const data = randomBytes(DATA_BYTES);
  model.fill(data);
  for (const card of [primary, secondary]) await writtenCard(card, data);
});
afterEach(() => { rmSync(directory, { recursive: true, force: true }); });

async function writtenCard(card: string, data: Uint8Array): Promise<void> {
  await formatDirectory(card, { sizeBytes: MIB });
  const board = await openBoard({
    directory: card,
    host: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
    trace: { event: () => undefined },
    onFault: (error) => { throw error; },
  });
  const driver = await HostDriver.connect(board.hostAddresses[0] ?? '');
  await driver.write(0, data);
  driver.close();
  expect(await board.close()).toBe(true);
}

function flipByte(card: string, position: number): void {
  const fd = openSync(join(card, 'volume.000'), 'r+');
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, position);
  writeSync(fd, Buffer.from([byte.readUInt8() ^ 1]), 0, 1, position);
  closeSync(fd);
}

const compare = () => compareCards(primary, secondary, model, () => Promise.resolve());

describe('the comparison of two cards by their files', () => {
  it('takes what was never written for zeroes, whatever the disk holds there (rule 19)', async () => {
    flipByte(secondary, DATA_BYTES + 5);
    expect(await compare()).toEqual({
      grainsCompared: GRAINS,
      bytesCompared: MIB,
      neverWritten: GRAINS - 3,
      neverWrittenOverOldBytes: GRAINS - 3,
    });
  });

  it('finds a single byte that differs', async () => {
    flipByte(secondary, GRAIN + 17);
    await expect(compare()).rejects.toMatchObject({ code: 'CHECK_FAILED', message: `The volumes differ at byte ${String(GRAIN + 17)}.` });
  });

  it('finds what is wrong on both alike', async () => {
    for (const card of [primary, secondary]) flipByte(card, 2 * GRAIN);
    await expect(compare()).rejects.toMatchObject({ code: 'CHECK_FAILED', detail: `at byte ${String(2 * GRAIN)}` });
  });

  it('finds a write that both lost', async () => {
    model.nextWrite(200, 1).acknowledged();
    await expect(compare()).rejects.toMatchObject({ code: 'CHECK_FAILED', detail: `at byte ${String(200 * 4096)}` });
  });

  it('refuses an NVRAM whose content cannot be trusted', async () => {
    const fd = openSync(join(secondary, 'nvram'), 'r+');
    writeSync(fd, Buffer.from([1, 2, 3]), 0, 3, 8192);
    closeSync(fd);
    await expect(compare()).rejects.toMatchObject({ code: 'CHECK_FAILED' });
  });
});
