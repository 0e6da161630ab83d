import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ExitCode } from '../../../emulator/cli/exit-codes.js';
import { tcpTransport } from '../../../host-driver/index.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { Opcode } from '../../../protos/gen/grainlink/host/v1/host_pb.js';
import { RawHost } from '../../host-driver/raw-host.js';
import { pattern } from '../../host-driver/test-data.js';
import { grainlink } from '../cli/processes.js';
import type { CardInProcess } from '../processes/card-in-process.js';
import { at, CARD_BYTES, expectRefusal, exported, loadFrom, mediumOf, newCard, standingOf, synchronize } from './bench.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const IO_QUEUE = 1;
const NO_SUCH_OPCODE = 77 as Opcode;
const PIECES = 40;

async function pairAtWork(): Promise<[CardInProcess, CardInProcess]> {
  const primary = await exported('p', 1);
  const secondary = await newCard('s');
  await loadFrom(secondary, mediumOf('p'));
  await synchronize(primary, secondary);
  return [primary, secondary];
}

describe('a bad host or peer', () => {
  it('cannot harm a live pair with garbage on any port', async () => {
    const [primary, secondary] = await pairAtWork();
    const before = [await standingOf(primary), await standingOf(secondary)];
    for (const address of [primary.host, primary.peer, secondary.host, secondary.peer]) {
      for (const garbage of [randomBytes(1), randomBytes(300), randomBytes(200 * KIB), wellFramed(randomBytes(100)), wellFramed(new Uint8Array(0))]) {
        await sendAndLeave(address, garbage);
      }
    }
    expect([await standingOf(primary), await standingOf(secondary)]).toEqual(before);
    await primary.driver.write(0, pattern(4 * KIB, 2), { fua: true });
    expect(await secondary.driver.read(0, 4 * KIB)).toEqual(pattern(4 * KIB, 2));
  });

  it('is hung up on when it announces more than a frame may hold, before memory is taken for that', async () => {
    const [primary, secondary] = await pairAtWork();
    const before = [await standingOf(primary), await standingOf(secondary)];
    const memoryBefore = residentBytes(primary);
    // 256 MiB to come, in each of many connections.
    const announcement = Uint8Array.from([0x80, 0x80, 0x80, 0x80, 0x01]);
    for (const address of [primary.host, primary.peer]) {
      for (let i = 0; i < PIECES; i += 1) {
        const socket = await dial(address);
        const hungUp = new Promise((resolve) => socket.once('close', resolve));
        socket.write(announcement);
        socket.resume();
        await hungUp;
      }
    }
    expect(residentBytes(primary) - memoryBefore).toBeLessThan(64 * MIB);
    expect([await standingOf(primary), await standingOf(secondary)]).toEqual(before);
  });

  it('changes nothing with a write that breaks off in the middle', async () => {
    const card = await newCard('p');
    await card.driver.write(0, pattern(256 * KIB, 3));
    const before = await standingOf(card);
    const socket = await dial(card.host);
    // A frame of 200 KiB of which half comes.
    socket.write(Uint8Array.from([0x80, 0xc0, 0x0c]));
    await new Promise((resolve) => socket.write(randomBytes(100 * KIB), resolve));
    socket.destroy();
    expect(await standingOf(card)).toEqual(before);
  });

  it('is refused beyond the end, out of line, and beyond what one command may move', async () => {
    const card = await newCard('p');
    await card.driver.write(CARD_BYTES - 4 * KIB, pattern(4 * KIB, 4));
    const before = await standingOf(card);
    const end = String(CARD_BYTES);
    const c = ['-c', card.host];
    await expectRefusal('OUT_OF_RANGE', 'read', ...c, '--offset', end, '--length', '512', '--file', at('content'));
    await expectRefusal('OUT_OF_RANGE', 'read', ...c, '--offset', String(CARD_BYTES - 512), '--length', '1KiB', '--file', at('content'));
    await expect(card.driver.write(CARD_BYTES - 512, pattern(1024, 5))).rejects.toMatchObject({ statusName: 'OUT_OF_RANGE' });
    await expect(card.driver.writeZeroes(CARD_BYTES, 512)).rejects.toMatchObject({ statusName: 'OUT_OF_RANGE' });
    await expect(card.driver.discard(0, CARD_BYTES + 512)).rejects.toMatchObject({ statusName: 'OUT_OF_RANGE' });
    await expectRefusal('MISALIGNED', 'read', ...c, '--offset', '100', '--length', '512', '--file', at('content'));
    await expectRefusal('MISALIGNED', 'read', ...c, '--offset', '0', '--length', '100', '--file', at('content'));
    const raw = await rawHost(card);
    const { maxTransferBytes } = raw.connected;
    raw.command({ queue: IO_QUEUE, commandId: 1, opcode: Opcode.READ, lba: 0n, blocks: maxTransferBytes / 512 + 1 });
    raw.command({ queue: IO_QUEUE, commandId: 2, opcode: Opcode.WRITE, lba: 2n ** 63n, blocks: 1 }, pattern(512, 6));
    raw.command({ queue: IO_QUEUE, commandId: 3, opcode: Opcode.WRITE, lba: 0n, blocks: 1 }, pattern(511, 6));
    expect(await statuses(raw, 3)).toEqual([Status.TRANSFER_TOO_LARGE, Status.OUT_OF_RANGE, Status.MISALIGNED]);
    raw.close();
    expect(await standingOf(card)).toEqual(before);
  });

  it('is told that a command is unknown, and may go on', async () => {
    const card = await newCard('p');
    const before = await standingOf(card);
    const raw = await rawHost(card);
    raw.command({ queue: IO_QUEUE, commandId: 1, opcode: NO_SUCH_OPCODE, lba: 0n, blocks: 1 });
    raw.command({ queue: 0, commandId: 1, opcode: Opcode.ADMIN });
    raw.command({ queue: IO_QUEUE, commandId: 2, opcode: Opcode.READ, lba: 0n, blocks: 1 });
    const answers = await statuses(raw, 3);
    expect(answers.sort((one, other) => one - other)).toEqual([Status.SUCCESS, Status.UNKNOWN_COMMAND, Status.UNKNOWN_COMMAND]);
    raw.close();
    expect(await standingOf(card)).toEqual(before);
    expect((await grainlink('levitate', '-c', card.host)).exitCode).toBe(ExitCode.USAGE);
  });
});

async function rawHost(card: CardInProcess): Promise<RawHost> {
  const [host, port] = hostAndPort(card.host);
  const raw = new RawHost(await tcpTransport(host, port, 10_000));
  await raw.connect(1);
  return raw;
}

async function statuses(raw: RawHost, count: number): Promise<Status[]> {
  return (await raw.completions(count)).map(({ status }) => status);
}

function wellFramed(content: Uint8Array): Uint8Array {
  return Uint8Array.from([content.length, ...content]);
}

function dial(address: string): Promise<Socket> {
  const [host, port] = hostAndPort(address);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => { resolve(socket); });
    socket.once('error', reject);
    socket.on('error', () => undefined); // Being hung up on is what is asked for.
  });
}

/** Sends, and goes away when all of it is out or the card has hung up. */
async function sendAndLeave(address: string, bytes: Uint8Array): Promise<void> {
  const socket = await dial(address);
  await new Promise<void>((resolve) => {
    socket.once('close', () => { resolve(); });
    socket.write(bytes, () => { socket.end(); });
    socket.resume();
  });
}

function hostAndPort(address: string): [string, number] {
  const { hostname, port } = new URL(address);
  return [hostname, Number(port)];
}

/** Linux tells; elsewhere nothing is compared. */
function residentBytes({ pid }: CardInProcess): number {
  if (process.platform !== 'linux') return 0;
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * KIB;
}
