import { describe, expect, it } from 'vitest';
import { socatIsMissing } from '../../support/pty-pair.js';
import { relay } from './serial-cards.js';
import { SerialPair } from './serial-pair.js';

const KIB = 1024;

describe.skipIf(socatIsMissing())('two cards with a serial line between them', () => {
  it('synchronize what is dirty, mirror writes, and find each other again after SIGKILL of either', async () => {
    const pair = await SerialPair.seeded(await relay(), 512 * KIB);
    await pair.write(0, 128 * KIB);
    expect((await pair.primary.host.status()).grainsOutOfSync).toBe(2n);
    await pair.connect();
    await pair.live();
    expect((await pair.primary.host.status()).grainsSynchronized).toBe(2n);
    await pair.write(640 * KIB, 64 * KIB);
    await pair.expectEqual();

    await pair.writeUntil(pair.secondary.card.kill('SIGKILL').then(() => pair.lost()));
    await pair.restart(pair.secondary);
    await pair.live();
    await pair.expectEqual();

    await pair.primary.card.kill('SIGKILL');
    await pair.restart(pair.primary);
    await pair.write(960 * KIB, 8 * KIB);
    await pair.live();
    await pair.expectEqual();
  });
});
