import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect } from 'vitest';
import { formatDirectory } from '../../../emulator/card-directory.js';
import { ExitCode } from '../../../emulator/cli/exit-codes.js';
import type { HostDriver } from '../../../host-driver/index.js';
import { type CardStatus, JobState, LinkState, RelationshipState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { statusName } from '../../../protos/status/sentences.js';
import { pattern } from '../../host-driver/test-data.js';
import { grainlink } from '../cli/processes.js';
import { CardInProcess, killAllCards } from '../processes/card-in-process.js';
import { peerPort } from '../processes/ports.js';

/*
 * Cards in processes of their own for tests of bad input: what a card is before, and whether it still is that after.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
export const CARD_BYTES = 4 * MIB;
export const GRAIN_BYTES = 64 * KIB;
const NVRAM_BYTES = 128 * KIB;
const POLL_MS = 10;
const UNREADABLE = 'not given out';

let root = '';
beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'grainlink-bad-input-')); });
afterEach(async () => {
  await killAllCards();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

/** A path in the test's own directory. */
export function at(name: string): string {
  return join(root, name);
}

export async function newCard(name: string, sizeBytes = CARD_BYTES): Promise<CardInProcess> {
  await formatDirectory(at(name), { sizeBytes, grainBytes: GRAIN_BYTES, nvramBytes: NVRAM_BYTES });
  const card = new CardInProcess(name, at(name), await peerPort());
  await switchOn(card);
  return card;
}

export async function switchOn(card: CardInProcess): Promise<void> {
  card.switchOn();
  await card.ready();
}

/** A primary with data, whose T0 is exported, sealed, to the medium of its name. */
export async function exported(name: string, seed: number): Promise<CardInProcess> {
  const primary = await newCard(name);
  await primary.driver.write(MIB, pattern(MIB, seed));
  await primary.driver.establish({ flashCopy: true });
  await exportTo(primary, mediumOf(name));
  return primary;
}

export function mediumOf(name: string): string {
  return at(`${name}.medium`);
}

export async function exportTo({ driver }: CardInProcess, path: string): Promise<void> {
  await driver.exportMedium({ path });
  await until(driver, ({ job }) => job?.state === JobState.SUCCEEDED);
}

export async function loadFrom({ driver }: CardInProcess, path: string): Promise<void> {
  await driver.loadMedium({ path });
  await until(driver, ({ job }) => job?.state === JobState.SUCCEEDED);
}

export async function synchronize(primary: CardInProcess, secondary: CardInProcess): Promise<void> {
  await secondary.driver.connectPeer({ address: primary.peer });
  await synchronized(primary, secondary);
}

/** Resolves when both say that they are in lockstep, and every write is durable on both. */
export async function synchronized(...cards: readonly CardInProcess[]): Promise<void> {
  for (const { driver } of cards) {
    await until(driver, ({ state, grainsInIntent }) => state === RelationshipState.CONSISTENT_SYNCHRONIZED && grainsInIntent === 0n);
  }
}

/** Looks at the status until it is as wished; the test's own time limit ends it otherwise. */
async function until(driver: HostDriver, wished: (status: CardStatus) => boolean): Promise<CardStatus> {
  for (;;) {
    const status = await driver.status();
    if (wished(status)) return status;
    await delay(POLL_MS);
  }
}

/** The primary has refused this secondary, and the secondary tells why. */
export async function refusalOf(secondary: CardInProcess, primary: CardInProcess): Promise<string> {
  await secondary.driver.connectPeer({ address: primary.peer });
  const { linkStatus } = await until(secondary.driver, ({ linkState }) => linkState === LinkState.REFUSED);
  return statusName(linkStatus);
}

/** Runs the program, which has to refuse with this code and a sentence. @returns the detail. */
export async function expectRefusal(code: string, ...args: readonly string[]): Promise<string> {
  const { exitCode, out, err } = await grainlink(...args, '--json');
  expect(exitCode, `${out}${err}`).toBe(ExitCode.REFUSED);
  const { error } = JSON.parse(out) as { error: { code: string; message: string; detail: string } };
  expect(error).toMatchObject({ code, message: expect.stringMatching(/^[A-Z].{20,}\.$/) });
  return error.detail;
}

/** What a card is and holds. */
export interface Standing {
  readonly status: object;
  /** Digest of what hosts read. */
  readonly content: string;
}

export async function standingOf({ driver }: CardInProcess): Promise<Standing> {
  const s = await driver.status();
  const { role, state, diskState, generation, relationshipId, grainsOutOfSync, grainsWritten, flashCopyState } = s;
  const { connectWished, stopped, peerAddress, secondaryAccess, diverged, allDirty, suppressed } = s;
  const status = {
    role, state, diskState, generation, relationshipId, grainsOutOfSync, grainsWritten, flashCopyState,
    connectWished, stopped, peerAddress, secondaryAccess, diverged, allDirty, suppressed,
  };
  return { status, content: await contentOf(driver) };
}

export async function contentOf(driver: HostDriver): Promise<string> {
  try {
    const content = await driver.read(0, driver.geometry.volumeBytes);
    return createHash('sha256').update(content).digest('hex');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'statusName' in error && error.statusName === 'READ_INCONSISTENT') return UNREADABLE;
    throw error;
  }
}
