import { describe, expect, it } from 'vitest';
import { pattern } from '../../host-driver/test-data.js';
import { contentOf, expectRefusal, exported, loadFrom, mediumOf, newCard, standingOf, switchOn, synchronize } from './bench.js';

const LOCAL = 'tcp://127.0.0.1:0';

describe('a command that the state forbids', () => {
  it('is refused when it establishes a second time, and the first relationship stays', async () => {
    const primary = await exported('p', 1);
    await primary.driver.write(0, pattern(65_536, 2));
    const before = await standingOf(primary);
    await expectRefusal('ALREADY_ESTABLISHED', 'establish', '-c', primary.host, '--secondary', 'york', '--flash-copy');
    expect(await standingOf(primary)).toEqual(before);
    const secondary = await newCard('s');
    await loadFrom(secondary, mediumOf('p'));
    await expectRefusal('NOT_STANDALONE', 'establish', '-c', secondary.host);
    await synchronize(primary, secondary);
    expect(await contentOf(secondary.driver)).toBe(before.content);
  });

  it('is refused when it uses a card that another process uses, which notices nothing', async () => {
    const card = await newCard('p');
    await card.driver.write(0, pattern(4096, 3));
    const before = await standingOf(card);
    await expectRefusal('CARD_DIRECTORY_IN_USE', 'card', 'run', '--dir', card.directory, '--host', LOCAL);
    await expectRefusal('CARD_DIRECTORY_IN_USE', 'card', 'format', '--dir', card.directory, '--size', '4MiB');
    expect(await standingOf(card)).toEqual(before);
    // The lock dies with its process, also by SIGKILL.
    await card.kill();
    await switchOn(card);
    expect(await standingOf(card)).toEqual(before);
  });
});
