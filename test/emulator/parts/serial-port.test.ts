import type { SerialPort as SerialPortType } from 'serialport';
import { afterEach, describe, expect, it } from 'vitest';
import { CardPeerPort } from '../../../emulator/parts/card-peer-port.js';
import { FrameHub } from '../../../emulator/parts/frame-hub.js';
import { serialPayloadBytes } from '../../../emulator/parts/serial-line.js';
import { SerialListener } from '../../../emulator/parts/serial-port.js';
import { CobsFrameReceiver, encodeCobsFrame } from '../../../protos/framing/cobs-frames.js';
import { openPtyPair, type PtyPair, socatIsMissing } from '../../support/pty-pair.js';
import { PortUser } from '../port-user.js';
import { pattern, recordingTrace, until } from '../support.js';

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

function listen(path: string, buffers = 4): { user: PortUser; names: string[] } {
  const hub = new FrameHub(4);
  const trace = recordingTrace();
  const listener = new SerialListener(hub, { kind: 'serial', path, baud: BAUD }, trace);
  cleanUp.push(() => listener.close());
  return { user: new PortUser(hub, buffers), names: trace.names };
}

interface Far {
  readonly port: SerialPortType;
  readonly frames: Uint8Array[];
}

/** The far end of the line, without any of the code under test. */
async function farEnd(path: string): Promise<Far> {
  const { SerialPort } = await import('serialport');
  const port = new SerialPort({ path, baudRate: BAUD, autoOpen: false });
  await new Promise<void>((resolve, reject) => { port.open((error) => { if (error === null) resolve(); else reject(error); }); });
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
