import type { SerialPort as SerialPortType } from 'serialport';
import { afterEach, describe, expect, it } from 'vitest';
import { CardPeerPort } from '../../../emulator/parts/card-peer-port.js';
import { FrameHub } from '../../../emulator/parts/frame-hub.js';
import { MIN_PEER_BAUD } from '../../../emulator/limits.js';
import { serialPayloadBytes } from '../../../emulator/parts/serial-line.js';
import { SerialListener } from '../../../emulator/parts/serial-port.js';
import { LINK_SILENCE_MS } from '../../../firmware/limits.js';
import { CobsFrameReceiver, encodeCobsFrame } from '../../../protos/framing/cobs-frames.js';
import { mendPort, serialBytesPerSecond } from '../../../protos/lines/serial-port.js';
import { openPtyPair, type PtyPair, socatIsMissing } from '../../support/pty-pair.js';
import { openSerialRelay, type SerialRelay } from '../../support/serial-relay.js';
import { PortUser } from '../port-user.js';
import { pattern, recordingTrace, settled, until } from '../support.js';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const BAUD = 115_200;

async function ptyPair(): Promise<PtyPair> {
  const pair = await openPtyPair();
  cleanUp.push(() => pair.close());
  return pair;
}

async function relay(): Promise<SerialRelay> {
  const line = await openSerialRelay();
  cleanUp.push(() => line.close());
  return line;
}

function listen(path: string, buffers = 4): { user: PortUser; names: string[]; listener: SerialListener } {
  const hub = new FrameHub(4);
  const trace = recordingTrace();
  const listener = new SerialListener(hub, { kind: 'serial', path, baud: BAUD }, trace);
  cleanUp.push(() => listener.close());
  return { user: new PortUser(hub, buffers), names: trace.names, listener };
}

interface Far {
  readonly port: SerialPortType;
  readonly frames: Uint8Array[];
}

/** The far end of the line, without any of the emulator. */
async function farEnd(path: string): Promise<Far> {
  const { SerialPort } = await import('serialport');
  const port = new SerialPort({ path, baudRate: BAUD, autoOpen: false });
  await new Promise<void>((resolve, reject) => { port.open((error) => { if (error === null) resolve(); else reject(error); }); });
  mendPort(port);
  // What was not written yet when a test ends.
  port.on('error', () => undefined);
  cleanUp.push(() => new Promise((resolve) => { port.close(resolve); }));
  const frames: Uint8Array[] = [];
  const receiver = new CobsFrameReceiver(300_000, {
    needBuffer: (lengthBytes) => new Uint8Array(lengthBytes),
    frame: (buffer, lengthBytes) => { frames.push(buffer.slice(0, lengthBytes)); },
  });
  port.on('data', (chunk: Buffer) => receiver.feed(chunk));
  return { port, frames };
}

describe.skipIf(socatIsMissing())('a serial port', () => {
  it('opens one connection when the device opens, and carries frames both ways', async () => {
    const { paths } = await ptyPair();
    const { user } = listen(paths[0]);
    const far = await farEnd(paths[1]);
    const [opened] = await user.expect('opened');
    const sent = [pattern(10, 1), pattern(3000, 2), pattern(1, 3)];
    for (const frame of sent) far.port.write(encodeCobsFrame([frame]));
    await user.expect('frame', 3);
    expect(user.frames).toEqual(sent);
    expect(user.of('frame').every((event) => event.wireBytes > event.lengthBytes)).toBe(true);

    const connection = opened?.connection ?? 0;
    const bytes = await user.send(connection, pattern(20, 4), pattern(2048, 5));
    expect(bytes).toBeGreaterThan(2068);
    await user.send(connection, pattern(5, 6));
    await until(() => far.frames.length === 2);
    expect(far.frames).toEqual([new Uint8Array(Buffer.concat([pattern(20, 4), pattern(2048, 5)])), pattern(5, 6)]);
    expect(user.of('opened')).toHaveLength(1);
  });

  it('is back in step after garbage before, between and inside frames', async () => {
    const { paths } = await ptyPair();
    const { user } = listen(paths[0]);
    const far = await farEnd(paths[1]);
    await user.expect('opened');
    const good = [pattern(40, 1), pattern(700, 2), pattern(41, 3)];
    const damaged = encodeCobsFrame([pattern(500, 4)]);
    damaged[250] = (damaged[250] ?? 0) ^ 0x08;
    far.port.write(pattern(333, 5));
    far.port.write(encodeCobsFrame([good[0] ?? pattern(1, 1)]));
    far.port.write(pattern(1000, 6));
    far.port.write(encodeCobsFrame([good[1] ?? pattern(1, 1)]));
    far.port.write(damaged);
    far.port.write(encodeCobsFrame([pattern(600, 7)]).subarray(0, 300));
    far.port.write(encodeCobsFrame([good[2] ?? pattern(1, 1)]));
    await user.expect('frame', 3);
    expect(user.frames).toEqual(good);
    expect(user.of('closed')).toHaveLength(0);
  });

  it('holds frames back while no buffer is posted', async () => {
    const { paths } = await ptyPair();
    const { user } = listen(paths[0], 2);
    const far = await farEnd(paths[1]);
    await user.expect('opened');
    user.hold();
    const sent = Array.from({ length: 20 }, (_, i) => pattern(100 + i, i));
    for (const frame of sent) far.port.write(encodeCobsFrame([frame]));
    await user.expect('frame', 1);
    user.release();
    await user.expect('frame', 20);
    expect(user.frames).toEqual(sent);
  });

  it('forgets what is queued when the card closes the connection, and opens another when somebody speaks', async () => {
    const { paths } = await ptyPair();
    const { user } = listen(paths[0]);
    const far = await farEnd(paths[1]);
    const [first] = await user.expect('opened');
    const sends = Promise.allSettled(Array.from({ length: 50 }, () => user.send(first?.connection ?? 0, pattern(10, 1), pattern(4096, 2))));
    user.port.close(first?.connection ?? 0);
    await user.expect('closed');
    expect((await sends).filter((result) => result.status === 'rejected').length).toBeGreaterThan(40);

    far.port.write(encodeCobsFrame([pattern(9, 3)]));
    await user.expect('frame');
    const [, second] = user.of('opened');
    expect(second?.connection).not.toBe(first?.connection);
    far.frames.length = 0;
    await user.send(second?.connection ?? 0, pattern(11, 4));
    await until(() => far.frames.some((frame) => frame.length === 11));
  });

  it('waits for a device that is not there, and says so once', async () => {
    const pair = await ptyPair();
    const { user, names } = listen('/dev/not-there');
    await until(() => names.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(names).toEqual(['serial-device']);
    expect(user.seen).toEqual([]);
    expect(pair.paths).toHaveLength(2);
  });

  it('tells that the device went away', async () => {
    const pair = await openPtyPair();
    const { user, names } = listen(pair.paths[0]);
    await user.expect('opened');
    await pair.close();
    await user.expect('closed');
    await until(() => names.includes('serial-device'));
  });

  it('tells so too when it goes while much comes in', async () => {
    // A read is under way then more often than not; once would prove little.
    for (let round = 0; round < 8; round += 1) {
      const pair = await ptyPair();
      const { user, listener } = listen(pair.paths[0]);
      const far = await farEnd(pair.paths[1]);
      const frame = encodeCobsFrame([pattern(30_000, round)]);
      const flood = (): void => { if (far.port.isOpen) far.port.write(frame, () => { setImmediate(flood); }); };
      flood();
      await user.expect('frame', 20);
      await pair.close();
      await user.expect('closed');
      // It would open what the next round finds under the same name.
      await listener.close();
    }
  });

  it('opens no connection for what was still to be read of a device that has gone', async () => {
    const line = await relay();
    const { user, names } = listen(line.paths[0]);
    const far = await farEnd(line.paths[1]);
    await user.expect('opened');
    user.hold();
    // More than the receive buffers take, so that reading is held up and bytes wait in the port.
    for (let i = 0; i < 50; i += 1) far.port.write(encodeCobsFrame([pattern(2000, i)]));
    await user.expect('frame', 3);
    await until(() => far.port.writableLength === 0);
    await line.unplug(0);
    await until(() => names.length === 1);
    user.release();
    await user.expect('closed');
    await line.plug(0);
    await user.expect('opened', 2);
    far.port.write(encodeCobsFrame([pattern(3, 9)]));
    await until(() => user.frames.at(-1)?.length === 3);
    expect(user.seen.map(({ kind }) => kind).filter((kind) => kind !== 'frame')).toEqual(['opened', 'closed', 'opened']);
  });

  it('opens a device that went while it was written to once, and lets go of it in the end', async () => {
    const line = await relay();
    const { user, listener } = listen(line.paths[0]);
    // A write is under way then more often than not.
    const flood = (connection: number): void => {
      user.send(connection, pattern(10, 1)).then(() => { setImmediate(flood, connection); }, () => undefined);
    };
    for (let round = 1; round <= 8; round += 1) {
      flood((await user.expect('opened', round)).at(-1)?.connection ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 10 * round));
      await line.unplug(0);
      await user.expect('closed', round);
      await line.plug(0);
    }
    await user.expect('opened', 9);
    await listener.close();
    // It holds the device's lock no more.
    await farEnd(line.paths[0]);
  });

  it('joins two peer ports: one keeps the device open, the other dials', async () => {
    const { paths } = await ptyPair();
    const listening = new CardPeerPort();
    await listening.listen({ kind: 'serial', path: paths[0], baud: BAUD }, recordingTrace());
    const dialling = new CardPeerPort();
    cleanUp.push(() => listening.shutDown(), () => dialling.shutDown());
    const primary = new PortUser(listening);
    const secondary = new PortUser(dialling);
    const dial = (): Promise<number> =>
      new Promise((resolve, reject) => {
        dialling.dial(`serial://${paths[1]}?baud=${String(BAUD)}`, { succeed: resolve, fail: (fault) => { reject(new Error(fault.text)); } });
      });
    const connection = await dial();
    await primary.expect('opened');
    await secondary.send(connection, pattern(30, 1));
    await primary.expect('frame');
    expect(primary.frames).toEqual([pattern(30, 1)]);
    await expect(dial()).rejects.toThrow(/another connection/);

    dialling.close(connection);
    await secondary.expect('closed');
    await secondary.send(await dial(), pattern(31, 2));
    await primary.expect('frame', 2);
    expect(primary.frames[1]).toEqual(pattern(31, 2));
  });
});

describe('the online link over a serial line', () => {
  it('is refused where one frame would be half as long as the silence that ends a session', async () => {
    const address = { kind: 'serial', path: '/dev/not-there', baud: 4800 } as const;
    const port = new CardPeerPort();
    cleanUp.push(() => port.shutDown());
    await expect(port.listen(address, recordingTrace())).rejects.toMatchObject({ code: 'ADDRESS_NOT_USABLE', message: expect.stringContaining('9600 baud or more') });
    await expect(settled<number>((done) => { port.dial('serial:///dev/not-there?baud=4800', done); })).rejects.toThrow(/9600 baud or more/);
    const longestFrameBytes = encodeCobsFrame([new Uint8Array(100), pattern(serialPayloadBytes(MIN_PEER_BAUD), 1)]).length;
    expect((longestFrameBytes / serialBytesPerSecond(MIN_PEER_BAUD)) * 1000).toBeLessThan(LINK_SILENCE_MS / 2);
  });
});

describe('the payload of a frame on a serial line', () => {
  it.each([
    [9600, 1024],
    [115_200, 1024],
    [921_600, 9216],
    [12_000_000, 64 * 1024],
  ])('at %d baud is whole blocks that take about 100 ms: %d bytes', (baud, bytes) => {
    expect(serialPayloadBytes(baud)).toBe(bytes);
  });
});
