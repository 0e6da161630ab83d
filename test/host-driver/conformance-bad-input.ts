import { expect, it } from 'vitest';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { Opcode } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import { type Bench, LEAST_VOLUME_BYTES } from './conformance-bench.js';
import type { RawHost } from './raw-host.js';
import { pattern, randomNumbers } from './test-data.js';

const BLOCK = 512;
const KIB = 1024;
const IO_QUEUE = 1;
const ADMIN_QUEUE = 0;
const ATTEMPTS = 32;
const NO_SUCH_OPCODE = 99 as Opcode;

export function conformanceOfBadInput(bench: Bench): void {
  it('refuses what is not in whole blocks', async () => {
    const driver = await bench.connect();
    await expect(driver.write(100, new Uint8Array(BLOCK))).rejects.toMatchObject({ status: Status.MISALIGNED });
    await expect(driver.write(0, new Uint8Array(100))).rejects.toMatchObject({ status: Status.MISALIGNED });
    await expect(driver.read(1, BLOCK)).rejects.toMatchObject({ status: Status.MISALIGNED });
  });

  it('refuses what reaches past the end, and leaves the volume as it was', async () => {
    const driver = await bench.connect();
    const end = driver.geometry.volumeBytes;
    const data = pattern(2 * BLOCK, 1);
    await driver.write(end - 2 * BLOCK, data);
    const over = end - BLOCK;
    await expect(driver.read(over, 2 * BLOCK)).rejects.toMatchObject({ status: Status.OUT_OF_RANGE });
    await expect(driver.write(over, pattern(2 * BLOCK, 2))).rejects.toMatchObject({ status: Status.OUT_OF_RANGE });
    await expect(driver.writeZeroes(over, 2 * BLOCK)).rejects.toMatchObject({ status: Status.OUT_OF_RANGE });
    await expect(driver.discard(end + BLOCK, BLOCK)).rejects.toMatchObject({ status: Status.OUT_OF_RANGE });
    expect(await driver.read(end - 2 * BLOCK, 2 * BLOCK)).toEqual(data);
  });

  it.each([
    ['an LBA near the end of 64 bits', { opcode: Opcode.READ, lba: 2n ** 64n - 1n, blocks: 2 }, Status.OUT_OF_RANGE],
    ['no blocks', { opcode: Opcode.READ, lba: 0n, blocks: 0 }, Status.INVALID_FIELD],
    ['an unknown opcode', { opcode: NO_SUCH_OPCODE, lba: 0n, blocks: 1 }, Status.UNKNOWN_COMMAND],
    ['no opcode', { lba: 0n, blocks: 1 }, Status.UNKNOWN_COMMAND],
    ['administration on the I/O queue', { opcode: Opcode.ADMIN }, Status.UNKNOWN_COMMAND],
    ['an unknown volume', { opcode: Opcode.READ, volume: 7, lba: 0n, blocks: 1 }, Status.UNKNOWN_VOLUME],
    ['a write without its data', { opcode: Opcode.WRITE, lba: 0n, blocks: 1 }, Status.PAYLOAD_MISMATCH],
  ])('refuses a command with %s, and goes on', async (_what, command, status) => {
    const raw = await bench.connectRaw();
    raw.command({ queue: IO_QUEUE, commandId: 1, ...command });
    expect(await answers(raw, 1)).toEqual([status]);
    await expectUsable(raw);
  });

  it('refuses a write whose data is not as long as it says', async () => {
    const raw = await bench.connectRaw();
    raw.command({ queue: IO_QUEUE, commandId: 1, opcode: Opcode.WRITE, lba: 0n, blocks: 2 }, pattern(BLOCK, 3));
    raw.command({ queue: IO_QUEUE, commandId: 2, opcode: Opcode.WRITE, lba: 0n, blocks: 1 }, pattern(BLOCK - 1, 3));
    expect(await answers(raw, 2)).toEqual([Status.PAYLOAD_MISMATCH, Status.MISALIGNED]);
    await expectUsable(raw);
  });

  it('refuses more than it granted at Connect', async () => {
    const raw = await bench.connectRaw();
    const { maxTransferBytes, maxZeroBlocks, blockBytes } = raw.connected;
    const tooMany = maxTransferBytes / blockBytes + 1;
    raw.command({ queue: IO_QUEUE, commandId: 1, opcode: Opcode.READ, lba: 0n, blocks: tooMany });
    raw.command({ queue: IO_QUEUE, commandId: 2, opcode: Opcode.WRITE_ZEROES, lba: 0n, blocks: maxZeroBlocks + 1 });
    expect(await answers(raw, 2)).toEqual([Status.TRANSFER_TOO_LARGE, Status.TRANSFER_TOO_LARGE]);
    await expectUsable(raw);
  });

  it('refuses a command that reaches past the end of the volume', async () => {
    const raw = await bench.connectRaw();
    const { volumeBlocks } = raw.connected;
    raw.command({ queue: IO_QUEUE, commandId: 1, opcode: Opcode.WRITE, lba: volumeBlocks - 1n, blocks: 2 }, pattern(2 * BLOCK, 3));
    raw.command({ queue: IO_QUEUE, commandId: 2, opcode: Opcode.DISCARD, lba: volumeBlocks, blocks: 1 });
    expect(await answers(raw, 2)).toEqual([Status.OUT_OF_RANGE, Status.OUT_OF_RANGE]);
    await expectUsable(raw);
  });

  it('refuses a queue that there is not', async () => {
    const raw = await bench.connectRaw();
    raw.command({ queue: 9, commandId: 1, opcode: Opcode.READ, lba: 0n, blocks: 1 });
    expect(await answers(raw, 1)).toEqual([Status.UNKNOWN_QUEUE]);
    await expectUsable(raw);
  });

  it('refuses a command before Connect', async () => {
    const raw = await bench.openRaw();
    raw.command({ queue: ADMIN_QUEUE, commandId: 1, opcode: Opcode.ADMIN });
    // The card may as well hang up.
    const answer = await answers(raw, 1).catch(() => 'hung up');
    expect([Status.NOT_CONNECTED, 'hung up']).toContain(Array.isArray(answer) ? answer[0] : answer);
  });

  it('refuses a command id that is in flight, and carries out the first alone', async () => {
    const raw = await bench.connectRaw();
    const first = { queue: IO_QUEUE, commandId: 5, opcode: Opcode.WRITE_ZEROES, lba: 0n, blocks: LEAST_VOLUME_BYTES / BLOCK / 8, fua: true };
    const second = { queue: IO_QUEUE, commandId: 5, opcode: Opcode.WRITE, lba: 0n, blocks: 1 };
    // A quick card may be done with the first when the second comes over a slow line; not every time.
    let refused = false;
    for (let attempt = 0; attempt < ATTEMPTS && !refused; attempt += 1) {
      raw.command(first);
      raw.command(second, pattern(BLOCK, attempt));
      const statuses = await answers(raw, 2);
      refused = statuses.includes(Status.COMMAND_ID_IN_USE);
      expect(statuses).toContain(Status.SUCCESS);
      expect(await readBack(raw, 1)).toEqual(refused ? new Uint8Array(BLOCK) : pattern(BLOCK, attempt));
    }
    expect(refused).toBe(true);
  });

  it('survives frames that are garbage, with the volume as it was', async () => {
    const data = pattern(4 * KIB, 4);
    const before = await bench.connect();
    await before.write(0, data, { fua: true });
    before.close();

    const random = randomNumbers(5);
    for (const frame of garbage(random)) {
      const raw = await bench.connectRaw();
      raw.sendBytes(frame);
      raw.close();
    }
    const after = await bench.connect();
    expect(await after.read(0, 4 * KIB)).toEqual(data);
  });
}

/** Frames well framed, whose content is none: noise, cut messages, nothing known. */
function garbage(random: (below: number) => number): Uint8Array[] {
  const noise = [1, 2, 7, 64, 1000, 9000].map((lengthBytes) => Uint8Array.from({ length: lengthBytes }, () => random(256)));
  const cutMessage = Uint8Array.from([0x22, 0x40, 0x08, 0x01]);
  const unknownField = Uint8Array.from([0xf8, 0x07, 0x01]);
  const payloadLongerThanFrame = Uint8Array.from([0x7a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x01]);
  const allOnes = new Uint8Array(300).fill(0xff);
  return [...noise, cutMessage, unknownField, payloadLongerThanFrame, allOnes];
}

async function answers(raw: RawHost, count: number): Promise<Status[]> {
  return (await raw.completions(count)).map(({ status }) => status);
}

async function readBack(raw: RawHost, blocks: number): Promise<Uint8Array> {
  raw.command({ queue: IO_QUEUE, commandId: 6, opcode: Opcode.READ, lba: 0n, blocks });
  return (await raw.next()).payload;
}

async function expectUsable(raw: RawHost): Promise<void> {
  expect((await readBack(raw, 1)).every((byte) => byte === 0)).toBe(true);
}
