import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExitCode } from '../../../emulator/cli/exit-codes.js';
import { grainlink, json, killAll, runCard, type RunningCard, start, statusWhen } from './processes.js';

const SIZE = '8MiB';
const MIB = 1024 * 1024;
const PROCESSES_MS = 120_000;

let directory = '';
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'grainlink-cards-')); });
afterEach(() => {
  killAll();
  rmSync(directory, { recursive: true, force: true });
});

const at = (name: string): string => join(directory, name);

async function newCard(name: string): Promise<RunningCard> {
  await json('card', 'format', '--dir', at(name), '--size', SIZE);
  return runCard(at(name));
}

async function write(card: RunningCard, offset: string, data: Uint8Array): Promise<void> {
  writeFileSync(at('data'), data);
  await json('write', '-c', card.host, '--offset', offset, '--file', at('data'));
}

async function content(card: RunningCard): Promise<Buffer> {
  await json('read', '-c', card.host, '--offset', '0', '--length', SIZE, '--file', at('content'));
  return readFileSync(at('content'));
}

/** A primary that has exported T0 to `medium`, with 2 MiB written before and 1 MiB after. */
async function exportedPrimary(): Promise<RunningCard> {
  const primary = await newCard('p');
  await write(primary, '1MiB', randomBytes(2 * MIB));
  await json('establish', '-c', primary.host, '--secondary', 'london', '--flash-copy');
  await write(primary, '2MiB', randomBytes(MIB));
  expect(await json('medium', 'export', '-c', primary.host, '--to', at('medium'))).toMatchObject({ kind: 'Export', state: 'Succeeded' });
  return primary;
}

describe('grainlink with cards in processes of their own', () => {
  it('carries out the method of figure 3, and copies only the dirty grains', async () => {
    const primary = await exportedPrimary();
    const { grainBytes, outOfSyncGrains } = await json('status', '-c', primary.host);
    expect(outOfSyncGrains).toBe(MIB / Number(grainBytes));
    expect((await json('dirty', '-c', primary.host))['runs']).toEqual([{ firstGrain: 2 * MIB / Number(grainBytes), grains: outOfSyncGrains }]);
    expect(await json('medium', 'verify', at('medium'))).toMatchObject({ sealed: true, damageCount: 0 });

    const secondary = await newCard('s');
    await json('medium', 'load', '-c', secondary.host, '--from', at('medium'));
    expect(await json('status', '-c', secondary.host)).toMatchObject({ role: 'Secondary', state: 'Seeded', diskState: 'Consistent' });
    await json('connect', '-c', secondary.host, '--peer', primary.peer);
    await statusWhen(secondary.host, ({ state }) => state === 'ConsistentSynchronized');
    expect(await json('status', '-c', primary.host)).toMatchObject({
      role: 'Primary', state: 'ConsistentSynchronized', grainsSent: outOfSyncGrains, outOfSyncGrains: 0, percentInSync: 100,
    });

    await write(primary, '4MiB', randomBytes(MIB));
    expect((await content(secondary)).equals(await content(primary))).toBe(true);
  }, PROCESSES_MS);

  it('recovers after SIGKILL, and finds its peer again without a command', async () => {
    const primary = await exportedPrimary();
    const secondary = await newCard('s');
    await json('medium', 'load', '-c', secondary.host, '--from', at('medium'));
    await json('connect', '-c', secondary.host, '--peer', primary.peer);
    await statusWhen(secondary.host, ({ state }) => state === 'ConsistentSynchronized');

    secondary.kill('SIGKILL');
    await secondary.ended;
    await write(primary, '5MiB', randomBytes(MIB));
    const again = await runCard(at('s'));
    await statusWhen(again.host, ({ state }) => state === 'ConsistentSynchronized');
    expect((await content(again)).equals(await content(primary))).toBe(true);
  }, PROCESSES_MS);

  it('refuses a damaged medium by chunk, in verify and in load', async () => {
    await exportedPrimary();
    const bytes = readFileSync(at('medium'));
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1;
    writeFileSync(at('medium'), bytes);

    const verified = await grainlink('medium', 'verify', at('medium'), '--json');
    expect(verified.exitCode).toBe(ExitCode.REFUSED);
    expect(JSON.parse(verified.out)).toMatchObject({ damageCount: 1, error: { code: 'MEDIUM_DAMAGED', detail: expect.stringMatching(/chunk \d+/) } });

    const secondary = await newCard('s');
    const loaded = await grainlink('medium', 'load', '-c', secondary.host, '--from', at('medium'), '--json');
    expect(loaded.exitCode).toBe(ExitCode.REFUSED);
    expect(JSON.parse(loaded.out)).toMatchObject({ error: { code: 'MEDIUM_DAMAGED', detail: expect.stringMatching(/chunk \d+/) } });
    expect((await json('status', '-c', secondary.host))['state']).not.toBe('Seeded');
  }, PROCESSES_MS);

  it('asks for --overwrite before it gives up what hosts wrote to a card', async () => {
    const primary = await newCard('p');
    await json('establish', '-c', primary.host);
    const secondary = await newCard('s');
    await write(secondary, '0', randomBytes(512));
    const args = ['connect', '-c', secondary.host, '--peer', primary.peer, '--conventional'];
    const refused = await grainlink(...args, '--json');
    expect(refused.exitCode).toBe(ExitCode.REFUSED);
    expect(JSON.parse(refused.out)).toMatchObject({ error: { code: 'HOSTS_HAVE_WRITTEN' } });
    await json(...args, '--overwrite');
    await statusWhen(secondary.host, ({ state }) => state === 'ConsistentSynchronized');
    expect((await content(secondary)).equals(await content(primary))).toBe(true);
  }, PROCESSES_MS);

  it('has one process a card directory, and leaves it cleanly at SIGTERM', async () => {
    const card = await newCard('p');
    const second = await grainlink('card', 'run', '--dir', at('p'), '--host', 'tcp://127.0.0.1:0', '--json');
    expect(second.exitCode).toBe(ExitCode.REFUSED);
    expect(JSON.parse(second.out)).toMatchObject({ error: { code: 'CARD_DIRECTORY_IN_USE' } });

    card.kill('SIGTERM');
    const { exitCode, out } = await card.ended;
    expect(exitCode).toBe(ExitCode.OK);
    expect(JSON.parse(out)).toEqual({ directory: at('p'), hosts: [card.host], peer: card.peer, pid: card.pid });
    await runCard(at('p'));
  }, PROCESSES_MS);

  it('ends with the code of a lost connection when the card dies or is not there', async () => {
    const card = await newCard('p');
    const watch = start('status', '-c', card.host, '--watch');
    await new Promise((resolve) => watch.stdout.once('data', resolve));
    card.kill('SIGKILL');
    expect(await watch.ended).toMatchObject({ exitCode: ExitCode.CONNECTION, err: expect.stringContaining('CONNECTION_LOST') });
    expect((await grainlink('status', '-c', card.host)).exitCode).toBe(ExitCode.CONNECTION);
  }, PROCESSES_MS);

  it('ends `status --watch` at Ctrl-C', async () => {
    const card = await newCard('p');
    const watch = start('status', '-c', card.host, '--watch');
    await new Promise((resolve) => watch.stdout.once('data', resolve));
    watch.child.kill('SIGINT');
    expect((await watch.ended).exitCode).toBe(ExitCode.INTERRUPTED);
  }, PROCESSES_MS);

  it('shows the registers with their fields', async () => {
    const card = await newCard('p');
    const { out } = await grainlink('regs', '-c', card.host);
    expect(out).toMatch(/^0x0014 {2}STATUS .*ROLE=STANDALONE/m);
  }, PROCESSES_MS);

  it('makes no card of an impossible geometry, and none over another', async () => {
    expect((await grainlink('card', 'format', '--dir', at('x'), '--size', '1KiB')).exitCode).toBe(ExitCode.USAGE);
    await json('card', 'format', '--dir', at('x'), '--size', SIZE, '--grain', '4KiB', '--nvram', '64KiB', '--store', '1MiB');
    expect((await grainlink('card', 'format', '--dir', at('x'), '--size', SIZE)).exitCode).toBe(ExitCode.REFUSED);
  }, PROCESSES_MS);
});
