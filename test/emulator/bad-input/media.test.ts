import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RelationshipState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { pattern } from '../../host-driver/test-data.js';
import {
  at, CARD_BYTES, contentOf, expectRefusal, exported, exportTo, loadFrom, mediumOf, newCard, refusalOf, standingOf, switchOn, synchronize, synchronized,
} from './bench.js';

const MIB = 1024 * 1024;
/** A medium begins with its label; its seal follows, and then its chunks. */
const SEAL_OFFSET_BYTES = 4096;
const CHUNKS_OFFSET_BYTES = 8192;

describe('a bad medium', () => {
  it('is refused when it is not there, or is none', async () => {
    const card = await newCard('s');
    await card.driver.write(0, pattern(4096, 1));
    writeFileSync(at('letter'), 'Dear Sir or Madam,\n'.repeat(1000));
    writeFileSync(at('empty'), '');
    const before = await standingOf(card);
    await expectRefusal('MEDIUM_NOT_FOUND', 'medium', 'load', '-c', card.host, '--from', at('nothing'));
    await expectRefusal('MEDIUM_NOT_A_MEDIUM', 'medium', 'load', '-c', card.host, '--from', at('letter'));
    await expectRefusal('MEDIUM_NOT_A_MEDIUM', 'medium', 'load', '-c', card.host, '--from', at('empty'));
    expect(await standingOf(card)).toEqual(before);
  });

  it('is refused when it is of another relationship than the one this secondary belongs to', async () => {
    const [ours, other] = [await exported('ours', 2), await exported('other', 3)];
    const secondary = await newCard('s');
    await loadFrom(secondary, mediumOf('ours'));
    const before = await standingOf(secondary);
    await expectRefusal('MEDIUM_WRONG_RELATIONSHIP', 'medium', 'load', '-c', secondary.host, '--from', mediumOf('other'));
    expect(await standingOf(secondary)).toEqual(before);
    expect(await refusalOf(secondary, other)).toBe('WRONG_RELATIONSHIP');
    await synchronize(ours, secondary);
  });

  it('is found out at the connection when it is not the last that the primary sealed (rule 8)', async () => {
    const primary = await exported('p', 4);
    await primary.driver.write(0, pattern(65_536, 5));
    await primary.driver.startFlashCopy();
    await exportTo(primary, at('second'));
    const secondary = await newCard('s');
    await loadFrom(secondary, mediumOf('p'));
    const before = await standingOf(primary);
    expect(await refusalOf(secondary, primary)).toBe('WRONG_MEDIUM');
    expect(await standingOf(primary)).toEqual(before);
    await loadFrom(secondary, at('second'));
    await synchronize(primary, secondary);
    expect(await contentOf(secondary.driver)).toBe(before.content);
  });

  it('is refused when it is of an older generation, and so is a secondary loaded from it', async () => {
    const primary = await exported('p', 6);
    const secondary = await newCard('s');
    await loadFrom(secondary, mediumOf('p'));
    await primary.kill();
    // It loses its NVRAM, and with it the map of that generation (rule 14).
    truncateSync(`${primary.directory}/nvram`, 0);
    await switchOn(primary);
    const before = await standingOf(primary);
    expect(await refusalOf(secondary, primary)).toBe('STALE_GENERATION');
    expect(await standingOf(primary)).toEqual(before);

    await primary.driver.startFlashCopy();
    await exportTo(primary, at('fresh'));
    await loadFrom(secondary, at('fresh'));
    const loaded = await standingOf(secondary);
    await expectRefusal('MEDIUM_STALE_GENERATION', 'medium', 'load', '-c', secondary.host, '--from', mediumOf('p'));
    expect(await standingOf(secondary)).toEqual(loaded);
    await synchronize(primary, secondary);
  });

  it('does not make a replacement card the secondary that was synchronized from the same medium (rule 8)', async () => {
    const primary = await exported('p', 7);
    const secondary = await newCard('s');
    await loadFrom(secondary, mediumOf('p'));
    await primary.driver.write(2 * MIB, pattern(MIB, 8));
    await synchronize(primary, secondary);
    const before = [await standingOf(primary), await standingOf(secondary)];

    const replacement = await newCard('r');
    await loadFrom(replacement, mediumOf('p'));
    expect(await refusalOf(replacement, primary)).toBe('OTHER_SECONDARY');
    // The one that is synchronized stays so.
    expect([await standingOf(primary), await standingOf(secondary)]).toEqual(before);
    await secondary.kill();
    await primary.driver.write(0, pattern(65_536, 9));
    expect(await refusalOf(replacement, primary)).toBe('OTHER_SECONDARY');
    await switchOn(secondary);
    await synchronized(primary, secondary);
  });

  it('is refused by chunk when it is damaged, never counts as loaded, and a whole one heals that', async () => {
    await exported('p', 10);
    const bytes = readFileSync(mediumOf('p'));
    const place = CHUNKS_OFFSET_BYTES + Math.floor((bytes.length - CHUNKS_OFFSET_BYTES) / 2);
    bytes[place] = (bytes[place] ?? 0) ^ 0x10;
    writeFileSync(at('damaged'), bytes);
    const secondary = await newCard('s');
    expect(await expectRefusal('MEDIUM_DAMAGED', 'medium', 'verify', at('damaged'))).toMatch(/chunk \d+/);
    expect(await expectRefusal('MEDIUM_DAMAGED', 'medium', 'load', '-c', secondary.host, '--from', at('damaged'))).toMatch(/chunk \d+/);
    const { state, generation } = await secondary.driver.status();
    expect({ state, generation }).toEqual({ state: RelationshipState.LOADING, generation: 0n });
    await expectRefusal('READ_INCONSISTENT', 'read', '-c', secondary.host, '--offset', '0', '--length', '4KiB', '--file', at('content'));
    await loadFrom(secondary, mediumOf('p'));
    expect((await secondary.driver.status()).state).toBe(RelationshipState.SEEDED);
  });

  it.each([
    ['in its label', 100, 'MEDIUM_NOT_A_MEDIUM'],
    ['in its seal', SEAL_OFFSET_BYTES + 20, 'MEDIUM_DAMAGED'],
  ])('is refused before the first byte when it is damaged %s', async (_where, place, code) => {
    await exported('p', 11);
    const bytes = readFileSync(mediumOf('p'));
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    writeFileSync(at('damaged'), bytes);
    const card = await newCard('s');
    const before = await standingOf(card);
    await expectRefusal(code, 'medium', 'load', '-c', card.host, '--from', at('damaged'));
    expect(await standingOf(card)).toEqual(before);
  });

  it('is refused before the first byte when it is truncated', async () => {
    await exported('p', 12);
    copyFileSync(mediumOf('p'), at('short'));
    truncateSync(at('short'), readFileSync(at('short')).length - 1);
    const card = await newCard('s');
    const before = await standingOf(card);
    await expectRefusal('MEDIUM_TRUNCATED', 'medium', 'load', '-c', card.host, '--from', at('short'));
    await expectRefusal('MEDIUM_TRUNCATED', 'medium', 'verify', at('short'));
    expect(await standingOf(card)).toEqual(before);
  });

  it('is refused before the first byte when it is unsealed, as a cut before its end leaves it', async () => {
    await exported('p', 13);
    const bytes = readFileSync(mediumOf('p'));
    bytes.fill(0, SEAL_OFFSET_BYTES, CHUNKS_OFFSET_BYTES);
    writeFileSync(at('unsealed'), bytes);
    const card = await newCard('s');
    const before = await standingOf(card);
    await expectRefusal('MEDIUM_UNSEALED', 'medium', 'load', '-c', card.host, '--from', at('unsealed'));
    await expectRefusal('MEDIUM_UNSEALED', 'medium', 'verify', at('unsealed'));
    expect(await standingOf(card)).toEqual(before);
  });

  it('is refused by a card of another size, which cannot connect either', async () => {
    const primary = await exported('p', 14);
    const card = await newCard('s', 2 * CARD_BYTES);
    const before = [await standingOf(card), await standingOf(primary)];
    await expectRefusal('MEDIUM_WRONG_SIZE', 'medium', 'load', '-c', card.host, '--from', mediumOf('p'));
    expect([await standingOf(card), await standingOf(primary)]).toEqual(before);
    await expectRefusal('WRONG_SIZE', 'connect', '-c', card.host, '--peer', primary.peer, '--conventional');
    expect(await standingOf(primary)).toEqual(before[1]);
  });
});
