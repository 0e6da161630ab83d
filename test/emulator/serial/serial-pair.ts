import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { HostDriver } from '../../../host-driver/index.js';
import { JobState, RelationshipState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { SerialRelay } from '../../support/serial-relay.js';
import { json } from '../cli/processes.js';
import { same, temporaryDirectory } from '../support.js';
import { type CardProcess, format, hostOf, runCard } from './serial-cards.js';

export const VOLUME_BYTES = 1024 * 1024;
const SIZE = '1MiB';
const POLL_MS = 50;
const WRITE_BYTES = 4096;

async function jobSucceeded(host: HostDriver): Promise<void> {
  for (;;) {
    const { job } = await host.status();
    if (job?.state === JobState.SUCCEEDED) return;
    if (job?.state !== JobState.RUNNING) throw new Error(`the job did not succeed: ${job?.detail ?? 'there is none'}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

interface Side {
  card: CardProcess;
  host: HostDriver;
}

/** Two cards in processes of their own, with a serial line between them. */
export class SerialPair {
  /** What hosts have written, and the primary has acknowledged. */
  readonly expected = Buffer.alloc(VOLUME_BYTES);

  private constructor(
    private readonly peerAtPrimary: string,
    private readonly peerAtSecondary: string,
    readonly primary: Side,
    readonly secondary: Side,
  ) {}

  /** A primary that is established, and a secondary that was loaded with `loadedBytes`; they have not met. */
  static async seeded(line: SerialRelay, loadedBytes: number, grain = '64KiB'): Promise<SerialPair> {
    const [atPrimary, atSecondary] = line.paths.map((path) => `serial://${path}?baud=115200`) as [string, string];
    const start = async (name: string, ...ports: readonly string[]): Promise<Side> => {
      const card = await runCard(await format(name, '--size', SIZE, '--grain', grain), ...ports);
      return { card, host: await hostOf(card) };
    };
    const [primary, secondary] = await Promise.all([start('primary', '--peer', atPrimary), start('secondary')]);
    const pair = new SerialPair(atPrimary, atSecondary, primary, secondary);
    await pair.write(0, loadedBytes);
    const path = join(temporaryDirectory(), 'medium');
    await primary.host.establish({ flashCopy: true });
    await primary.host.exportMedium({ path });
    await jobSucceeded(primary.host);
    await secondary.host.loadMedium({ path });
    await jobSucceeded(secondary.host);
    return pair;
  }

  /** Tells the secondary where its primary is. */
  async connect(): Promise<void> {
    await json('connect', '-c', this.secondary.card.host, '--peer', this.peerAtSecondary, '--no-wait');
  }

  async write(offsetBytes: number, lengthBytes: number): Promise<void> {
    const data = randomBytes(lengthBytes);
    await this.primary.host.write(offsetBytes, data);
    this.expected.set(data, offsetBytes);
  }

  /** One write after the other, here and there, until `until` has resolved. */
  async writeUntil(until: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    const ended = until.finally(() => { over.abort(); });
    for (let count = 0; !over.signal.aborted; count += 1) await this.write(((count * 7) % 256) * WRITE_BYTES, WRITE_BYTES);
    await ended;
  }

  /** Resolves once both cards call themselves synchronized. */
  async live(): Promise<void> {
    for (;;) {
      const states = await Promise.all([this.primary, this.secondary].map(async ({ host }) => (await host.status()).state));
      if (states.every((state) => state === RelationshipState.CONSISTENT_SYNCHRONIZED)) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Resolves once the primary has noticed that its secondary is not there. */
  async lost(): Promise<void> {
    while ((await this.primary.host.status()).state === RelationshipState.CONSISTENT_SYNCHRONIZED) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async restart(side: Side): Promise<void> {
    const ports = side === this.primary ? ['--peer', this.peerAtPrimary] : [];
    side.card = await runCard(side.card.directory, ...ports);
    side.host = await hostOf(side.card);
  }

  /** Both cards hold what hosts have written, byte for byte. */
  async expectEqual(): Promise<void> {
    for (const { host } of [this.primary, this.secondary]) {
      expect(same(await host.read(0, VOLUME_BYTES), this.expected)).toBe(true);
    }
  }
}
