import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ExitCode } from '../../../emulator/cli/exit-codes.js';
import { HostDriver } from '../../../host-driver/index.js';
import { socatIsMissing } from '../../support/pty-pair.js';
import type { SerialRelay } from '../../support/serial-relay.js';
import { grainlink, json } from '../cli/processes.js';
import { temporaryDirectory } from '../support.js';
import { type CardProcess, format, logged, relay, runCard } from './serial-cards.js';

const KIB = 1024;

async function cardOn(line: SerialRelay): Promise<{ card: CardProcess; address: string }> {
  const [atCard, atHost] = line.paths.map((path) => `serial://${path}?baud=115200`) as [string, string];
  const card = await runCard(await format('card', '--size', '1MiB'), '--host', atCard);
  return { card, address: atHost };
}

describe.skipIf(socatIsMissing())('a card whose hosts come over a serial line', () => {
  it('obeys grainlink as over TCP', async () => {
    const { address } = await cardOn(await relay());
    expect(await json('status', '-c', address)).toMatchObject({ role: 'Standalone', sizeBytes: 1024 * KIB });
    const [written, read] = ['written', 'read'].map((name) => join(temporaryDirectory(), name)) as [string, string];
    writeFileSync(written, randomBytes(200 * KIB));
    await json('write', '-c', address, '--offset', '64KiB', '--file', written, '--fua');
    await json('read', '-c', address, '--offset', '64KiB', '--length', '200KiB', '--file', read);
    expect(readFileSync(read).equals(readFileSync(written))).toBe(true);
    await json('establish', '-c', address, '--secondary', 'york', '--flash-copy');
    expect(await json('status', '-c', address)).toMatchObject({ role: 'Primary', secondaryName: 'york' });
  });

  it('waits for a device that is not there yet, and outlives one that goes while a host is at work', async () => {
    const line = await relay();
    await line.unplug(0);
    const { card, address } = await cardOn(line);
    await logged(card, /serial:\/\/\S+ cannot be used: No such file or directory.*; it is tried again until it can/);
    await line.plug(0);
    await logged(card, /is open now/);

    const host = await HostDriver.connect(address, { timeoutMs: 2_000 });
    const writes = (async () => { for (;;) await host.write(0, randomBytes(32 * KIB)); })();
    await line.unplug(0);
    await expect(writes).rejects.toThrow(/did not answer|was lost/);
    host.close();
    expect((await grainlink('status', '-c', address.replace('other', 'nowhere'))).exitCode).toBe(ExitCode.CONNECTION);
    await line.plug(0);
    expect(await json('status', '-c', address)).toMatchObject({ role: 'Standalone' });
    expect(await card.kill('SIGTERM')).toBe(ExitCode.OK);
  });
});
