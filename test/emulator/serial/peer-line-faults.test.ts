import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { socatIsMissing } from '../../support/pty-pair.js';
import type { End, SerialRelay } from '../../support/serial-relay.js';
import { json } from '../cli/processes.js';
import { format, hostOf, linkDetailWhen, logged, relay, runCard } from './serial-cards.js';
import { SerialPair } from './serial-pair.js';

const KIB = 1024;
const PRIMARY = 0;
const SECONDARY = 1;

async function livePair(line: SerialRelay): Promise<SerialPair> {
  const pair = await SerialPair.seeded(line, 64 * KIB);
  await pair.connect();
  await pair.live();
  return pair;
}

describe.skipIf(socatIsMissing())('a pair on a serial line', () => {
  it('is back in step after garbage, between frames and inside them, towards either card', async () => {
    const line = await relay();
    const pair = await livePair(line);
    const disturb = async (end: End): Promise<void> => {
      for (let burst = 0; burst < 2; burst += 1) {
        line.inject(end, randomBytes(500));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      line.damage(end);
      await pair.lost();
      await pair.live();
    };
    await pair.writeUntil(disturb(PRIMARY));
    await pair.writeUntil(disturb(SECONDARY));
    await pair.live();
    await pair.expectEqual();
  });

  it('goes on by itself when the serial device of either card goes and comes back', async () => {
    const line = await relay();
    const pair = await livePair(line);
    await line.unplug(PRIMARY);
    await logged(pair.primary.card, /serial:\/\/\S+ cannot be used: .*; it is tried again until it can/);
    await pair.write(128 * KIB, 64 * KIB);
    await line.plug(PRIMARY);
    await logged(pair.primary.card, /is open now/);
    await pair.live();

    await line.unplug(SECONDARY);
    await linkDetailWhen(pair.secondary.host, /cannot be opened: No such file or directory/);
    await pair.write(256 * KIB, 64 * KIB);
    await line.plug(SECONDARY);
    await pair.live();
    await pair.expectEqual();
  });
});

describe.skipIf(socatIsMissing())('a card', () => {
  it('that dials the serial device of its own peer port says that it is in use, and goes on', async () => {
    const line = await relay();
    const address = `serial://${line.paths[0]}?baud=115200`;
    const card = await runCard(await format('lonely', '--size', '1MiB'), '--peer', address);
    await json('connect', '-c', card.host, '--peer', address, '--conventional', '--no-wait');
    const host = await hostOf(card);
    await linkDetailWhen(host, /cannot be opened: it is in use, by another program or by another port of this card/);
    expect((await host.identify()).cardId).toHaveLength(16);
    expect(await card.kill('SIGTERM')).toBe(0);
  });

  it('whose two ports are given one serial device says so of the second', async () => {
    const line = await relay();
    const address = `serial://${line.paths[0]}?baud=115200`;
    const card = await runCard(await format('greedy', '--size', '1MiB'), '--host', address, '--peer', address);
    await logged(card, /cannot be used: it is in use/);
    expect(await card.kill('SIGTERM')).toBe(0);
  });
});
