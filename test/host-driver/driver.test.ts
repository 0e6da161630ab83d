import { describe, expect, it } from 'vitest';
import { CommandError, ConnectionLostError, HostDriver, inProcessTransport, TimeoutError } from '../../host-driver/index.js';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type Command, Opcode } from '../../protos/gen/grainlink/host/v1/host_pb.js';
import { FakeCard, type FakeCardOptions } from './fake-card.js';
import { type CardLine, memoryLine } from './fake-lines.js';
import { pattern } from './test-data.js';

const BLOCK = 512;
const KIB = 1024;
/** Only of tests in which a card does not answer: they take this long. */
const SHORT_MS = 100;

async function bench(options: FakeCardOptions & { queueDepth?: number; timeoutMs?: number } = {}) {
  const card = new FakeCard(options);
  const { host, card: line } = memoryLine();
  card.serve(line);
  const driver = await HostDriver.connect(inProcessTransport(host), {
    queueDepth: options.queueDepth ?? 4,
    timeoutMs: options.timeoutMs ?? 10_000,
  });
  return { card, line, driver };
}

/** The commands that the card has received on its I/O queue. */
function commands(card: FakeCard): Command[] {
  return card.frames.flatMap(({ body }) => (body.case === 'command' && body.value.queue === 1 ? [body.value] : []));
}

/** Waits until the card has received as many commands. */
async function received(card: FakeCard, count: number): Promise<void> {
  while (commands(card).length < count) await new Promise((resolve) => setImmediate(resolve));
}

async function quiet(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function silentLine(): { line: CardLine; connecting: Promise<HostDriver> } {
  const { host, card } = memoryLine();
  return { line: card, connecting: HostDriver.connect(inProcessTransport(host), { timeoutMs: SHORT_MS }) };
}

describe('HostDriver.connect', () => {
  it('tells what was granted', async () => {
    const { driver } = await bench();
    expect(driver.geometry).toMatchObject({ blockBytes: BLOCK, volumeBytes: 1024 * KIB, maxTransferBytes: 64 * KIB, queueDepth: 4 });
  });

  it('rejects with the reason when the card refuses', async () => {
    const connecting = bench({ connected: { status: Status.TOO_MANY_CONNECTIONS, detail: '16 are connected' } });
    await expect(connecting).rejects.toMatchObject({ name: 'CommandError', statusName: 'TOO_MANY_CONNECTIONS', detail: '16 are connected' });
  });

  it('rejects when the answer makes no sense', async () => {
    await expect(bench({ connected: { queueDepth: 1000 } })).rejects.toThrow('queue_depth is 1000');
  });

  it('takes no notice of an answer to another nonce', async () => {
    await expect(bench({ connected: { nonce: 4_294_967_295 }, timeoutMs: SHORT_MS })).rejects.toBeInstanceOf(TimeoutError);
  });

  it('rejects when nobody answers', async () => {
    await expect(silentLine().connecting).rejects.toBeInstanceOf(TimeoutError);
  });

  it('rejects when the line ends before an answer', async () => {
    const { line, connecting } = silentLine();
    line.close();
    await expect(connecting).rejects.toBeInstanceOf(ConnectionLostError);
  });

  it.each([0, -1, 1.5, 5000])('has no queue of depth %d', async (queueDepth) => {
    await expect(bench({ queueDepth })).rejects.toBeInstanceOf(RangeError);
  });
});

describe('HostDriver with many commands', () => {
  it('settles each call by its own completion, in whatever order they come', async () => {
    const { card, driver } = await bench();
    const settled: number[] = [];
    card.held = [];
    const writes = [0, 1, 2, 3].map((n) => driver.write(n * BLOCK, pattern(BLOCK, n)).then(() => settled.push(n)));
    await received(card, 4);
    for (const index of [2, 0, 3, 1]) {
      card.held[index]?.();
      await writes[index];
    }
    expect(settled).toEqual([2, 0, 3, 1]);
  });

  it('splits a long range at the largest transfer and puts the data where it belongs', async () => {
    const { card, driver } = await bench();
    const data = pattern(200 * KIB, 1);
    await driver.write(3 * BLOCK, data);
    expect(commands(card).map(({ lba, blocks }) => [lba, blocks])).toEqual([[3n, 128], [131n, 128], [259n, 128], [387n, 16]]);

    card.held = [];
    const reading = driver.read(3 * BLOCK, data.length);
    await received(card, 8);
    for (const finish of card.held.splice(0).reverse()) finish();
    expect(Buffer.compare(await reading, data)).toBe(0);
  });

  it('splits a long write-zeroes at the most the card clears at once', async () => {
    const { card, driver } = await bench();
    await driver.writeZeroes(0, 1024 * KIB);
    expect(commands(card).map(({ opcode, blocks }) => [opcode, blocks])).toEqual([[Opcode.WRITE_ZEROES, 1024], [Opcode.WRITE_ZEROES, 1024]]);
  });

  it('never has more in flight than was granted', async () => {
    const { card, driver } = await bench({ connected: { queueDepth: 3 } });
    card.held = [];
    const writing = Promise.all([driver.write(0, pattern(640 * KIB, 2)), driver.flush(), driver.read(0, BLOCK)]);
    for (let finished = 0; finished < 12; finished += 1) {
      await received(card, Math.min(finished + 3, 12));
      await quiet();
      expect(commands(card).length - finished).toBeLessThanOrEqual(3);
      card.held[finished]?.();
    }
    await writing;
  });

  it('submits calls in their order, each wholly before the next', async () => {
    const { card, driver } = await bench({ queueDepth: 2 });
    await Promise.all([driver.write(0, pattern(192 * KIB, 3)), driver.flush(), driver.write(0, pattern(BLOCK, 4))]);
    expect(commands(card).map(({ opcode, blocks }) => [opcode, blocks])).toEqual([
      [Opcode.WRITE, 128],
      [Opcode.WRITE, 128],
      [Opcode.WRITE, 128],
      [Opcode.FLUSH, 0],
      [Opcode.WRITE, 1],
    ]);
  });

  it('passes FUA on with every part', async () => {
    const { card, driver } = await bench();
    await driver.write(0, pattern(128 * KIB, 5), { fua: true });
    expect(commands(card).map(({ fua }) => fua)).toEqual([true, true]);
  });

  it('does not hold administration behind data', async () => {
    const { card, driver } = await bench({ queueDepth: 1 });
    card.held = [];
    const writing = driver.write(0, pattern(128 * KIB, 6));
    await received(card, 1);
    const identifying = driver.identify();
    while (card.held.length < 2) await quiet();
    card.held[1]?.();
    expect((await identifying).model).toBe('fake card');
    driver.close();
    await expect(writing).rejects.toBeInstanceOf(ConnectionLostError);
  });
});

describe('HostDriver when a command fails', () => {
  it('rejects with the code, its sentence and the detail, and goes on', async () => {
    const { driver } = await bench({ volumeBytes: 64 * KIB, connected: { volumeBlocks: 2048n } });
    const failing = driver.read(64 * KIB, BLOCK);
    await expect(failing).rejects.toBeInstanceOf(CommandError);
    await expect(failing).rejects.toThrow(/^OUT_OF_RANGE: The range reaches past the end/);
    await expect(driver.read(0, BLOCK)).resolves.toHaveLength(BLOCK);
  });

  it('settles a long range only when nothing of it is in flight, and submits no more of it', async () => {
    const { card, driver } = await bench({ volumeBytes: 64 * KIB, connected: { volumeBlocks: 2048n }, queueDepth: 2 });
    card.held = [];
    let settled = false;
    const writing = driver.write(0, pattern(512 * KIB, 7)).finally(() => { settled = true; });
    writing.catch(() => undefined);
    await received(card, 2);
    card.held[1]?.(); // The second part, which is past the end of what the card has.
    await quiet();
    expect(settled).toBe(false);
    card.held[0]?.();
    await expect(writing).rejects.toMatchObject({ status: Status.OUT_OF_RANGE });
    expect(commands(card)).toHaveLength(2);
  });

  it('sends nothing for what is not in whole blocks', async () => {
    const { card, driver } = await bench();
    await expect(driver.write(0, new Uint8Array(100))).rejects.toMatchObject({ status: Status.MISALIGNED });
    expect(commands(card)).toEqual([]);
  });

  it('sends nothing of a range that reaches past the end: the parts before would take effect', async () => {
    const { card, driver } = await bench({ volumeBytes: 1024 * KIB });
    const writing = driver.write(960 * KIB, pattern(128 * KIB, 8));
    await expect(writing).rejects.toBeInstanceOf(CommandError);
    await expect(writing).rejects.toThrow('OUT_OF_RANGE: The range reaches past the end of the volume');
    await expect(driver.writeZeroes(1024 * KIB, BLOCK)).rejects.toMatchObject({ status: Status.OUT_OF_RANGE });
    expect(commands(card)).toEqual([]);
  });

  it('takes no memory for a read that is longer than the volume', async () => {
    const { driver } = await bench();
    await expect(driver.read(0, 2 ** 50)).rejects.toMatchObject({ status: Status.OUT_OF_RANGE });
  });

  it('sends nothing for an empty range', async () => {
    const { card, driver } = await bench();
    await expect(driver.read(0, 0)).resolves.toEqual(new Uint8Array(0));
    expect(commands(card)).toEqual([]);
  });

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])('takes %d neither as offset nor as length', async (value) => {
    const { driver } = await bench();
    await expect(driver.write(value, new Uint8Array(BLOCK))).rejects.toBeInstanceOf(RangeError);
    await expect(driver.read(0, value)).rejects.toBeInstanceOf(RangeError);
    await expect(driver.discard(0, value)).rejects.toBeInstanceOf(RangeError);
  });
});

describe('HostDriver when the connection is lost', () => {
  it('rejects everything: in flight, waiting, administration, registers, and what comes later', async () => {
    const { card, line, driver } = await bench({ queueDepth: 2 });
    card.held = [];
    const pending = [
      driver.write(0, pattern(512 * KIB, 8)),
      driver.read(0, BLOCK),
      driver.flush(),
      driver.identify(),
      driver.readRegister('ID'),
      driver.readRegisters(),
    ];
    for (const promise of pending) promise.catch(() => undefined);
    line.close();
    for (const promise of pending) await expect(promise).rejects.toBeInstanceOf(ConnectionLostError);
    for (const late of [driver.flush(), driver.status(), driver.writeRegister('CONTROL', 1)]) {
      await expect(late).rejects.toBeInstanceOf(ConnectionLostError);
    }
    expect((await driver.ended).message).toContain('closed by the card');
  });

  it('gives the connection up when a command is not answered in time', async () => {
    const { card, driver } = await bench({ timeoutMs: SHORT_MS });
    card.held = [];
    const first = driver.flush();
    first.catch(() => undefined);
    await expect(first).rejects.toBeInstanceOf(TimeoutError);
    await expect(driver.flush()).rejects.toBeInstanceOf(ConnectionLostError);
    await driver.ended;
  });

  it('leaves the target of a read alone once it was rejected', async () => {
    const { card, driver } = await bench();
    await driver.write(0, pattern(BLOCK, 9));
    card.held = [];
    const target = new Uint8Array(BLOCK);
    const reading = driver.readInto(0, target);
    await received(card, 2);
    driver.close();
    await expect(reading).rejects.toBeInstanceOf(ConnectionLostError);
    card.held[0]?.();
    await quiet();
    expect(target).toEqual(new Uint8Array(BLOCK));
  });
});

describe('HostDriver with a card that does not keep to the contract', () => {
  it('counts frames that are none, and goes on', async () => {
    const { line, driver } = await bench();
    for (const frame of [[0xff, 0xff, 0xff], [0x1a, 0x50, 0x00], []]) line.send(Uint8Array.from(frame));
    await driver.flush();
    expect(driver.anomalies.unexpectedFrames).toBe(3);
  });

  it('rejects a read whose data is not as long as asked', async () => {
    const { card, driver } = await bench();
    card.tamper = (outcome) => ({ ...outcome, data: new Uint8Array(BLOCK - 1) });
    await expect(driver.read(0, BLOCK)).rejects.toMatchObject({ status: Status.PAYLOAD_MISMATCH });
    card.tamper = undefined;
    await expect(driver.read(0, BLOCK)).resolves.toHaveLength(BLOCK);
  });

  it('rejects administration that is answered with nothing, or with something else', async () => {
    const { card, driver } = await bench();
    card.tamper = () => ({ status: Status.INTERNAL });
    await expect(driver.identify()).rejects.toMatchObject({ status: Status.INTERNAL });
    card.tamper = (outcome) => ({ ...outcome, data: pattern(10, 1) });
    await expect(driver.status()).resolves.toMatchObject({ role: 1 });
  });
});
