import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAddress } from '../../../emulator/parts/address.js';
import { CardPeerPort } from '../../../emulator/parts/card-peer-port.js';
import { FrameHub } from '../../../emulator/parts/frame-hub.js';
import { listenTcp } from '../../../emulator/parts/tcp-port.js';
import { FRAME_BUFFER_BYTES, MAX_TRANSFER_BYTES } from '../../../firmware/limits.js';
import { encodeLengthPrefix } from '../../../protos/framing/varint-frames.js';
import { PortUser } from '../port-user.js';
import { pattern, recordingTrace, same, until } from '../support.js';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function listen(maxConnections = 8, buffers = 4): Promise<{ user: PortUser; port: number; address: string }> {
  const hub = new FrameHub(maxConnections);
  const attachment = await listenTcp(hub, { kind: 'tcp', host: '127.0.0.1', port: 0 });
  cleanUp.push(() => attachment.close());
  const parsed = parseAddress(attachment.address);
  if (parsed.kind !== 'tcp') throw new Error('not a TCP address');
  return { user: new PortUser(hub, buffers), port: parsed.port, address: attachment.address };
}

function dial(port: number, allowHalfOpen = false): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen });
    cleanUp.push(() => socket.destroy());
    socket.on('error', reject);
    socket.once('connect', () => { resolve(socket); });
  });
}

/** Long enough for what was written to have been read on the other side. */
function settledSoon(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

function framed(...frames: Uint8Array[]): Buffer {
  return Buffer.concat(frames.flatMap((frame) => [encodeLengthPrefix(frame.length), frame]));
}

function collect(socket: Socket): { bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { bytes: () => Buffer.concat(chunks) };
}

describe('a TCP port', () => {
  it('tells of a connection, its frames in order, and its end', async () => {
    const { user, port } = await listen();
    const socket = await dial(port);
    const frames = [pattern(1, 1), pattern(300, 2), pattern(FRAME_BUFFER_BYTES, 3), pattern(17, 4)];
    socket.write(framed(...frames));
    await user.expect('frame', 4);
    socket.end();
    await user.expect('closed');
    expect(user.seen.map((event) => event.kind)).toEqual(['opened', 'frame', 'frame', 'frame', 'frame', 'closed']);
    user.frames.forEach((frame, i) => { expect(same(frame, frames[i] ?? new Uint8Array())).toBe(true); });
    expect(user.of('frame').map((event) => event.wireBytes - event.lengthBytes)).toEqual([1, 2, 3, 1]);
    expect(user.of('opened')[0]?.remote).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
  });

  it('really closes a connection whose other side has hung up its half and takes nothing', async () => {
    const { user, port } = await listen();
    const socket = await dial(port, true);
    await user.expect('opened');
    socket.pause();
    const sends = Array.from({ length: 64 }, () => user.send(1, new Uint8Array(10), new Uint8Array(MAX_TRANSFER_BYTES)).catch(() => 'closed'));
    await settledSoon();
    socket.end();
    await settledSoon();
    expect(user.of('closed')).toEqual([]);
    user.port.close(1);
    await user.expect('closed');
    expect((await Promise.all(sends)).at(-1)).toBe('closed');
  });

  it('keeps a buffer that the socket reads into from others until the connection is gone', async () => {
    const { user, port } = await listen(8, 1);
    const cut = await dial(port, true);
    // Long enough that its rest is read straight into the one posted buffer.
    cut.write(framed(new Uint8Array(FRAME_BUFFER_BYTES).fill(0xee)).subarray(0, 100_000));
    await user.expect('opened');
    const other = await dial(port);
    const frame = pattern(FRAME_BUFFER_BYTES, 5);
    const most = framed(frame).subarray(0, FRAME_BUFFER_BYTES - 1000);
    await settledSoon();
    other.write(most);
    user.port.close(1);
    await settledSoon();
    cut.write(new Uint8Array(100_000).fill(0xee));
    await settledSoon();
    other.write(framed(frame).subarray(most.length));
    await user.expect('frame');
    expect(user.frames.map((bytes) => same(bytes, frame))).toEqual([true]);
    expect(user.of('closed').map(({ connection }) => connection)).toEqual([1]);
  });

  it('does not care where the stream was split', async () => {
    const { user, port } = await listen();
    const socket = await dial(port);
    socket.setNoDelay(true);
    const frames = [pattern(200, 1), pattern(5, 2), pattern(130, 3)];
    for (const byte of framed(...frames)) {
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await user.expect('frame', 3);
    expect(user.frames).toEqual(frames);
  });

  it.each([
    ['an oversize length', encodeLengthPrefix(FRAME_BUFFER_BYTES + 1), /over the limit/],
    ['a zero length', Uint8Array.of(0), /zero length/],
    ['a length without end', new Uint8Array(6).fill(0xff), /goes on/],
  ])('closes a connection with %s, after the frames before it, and leaves others alone', async (_what, garbage, reason) => {
    const { user, port } = await listen();
    const other = await dial(port);
    await user.expect('opened');
    const bad = await dial(port);
    const first = pattern(10, 1);
    bad.write(Buffer.concat([framed(first), garbage, pattern(1000, 2)]));
    const [closed] = await user.expect('closed');
    expect(closed?.reason).toMatch(reason);
    expect(user.frames).toEqual([first]);
    other.write(framed(first));
    await user.expect('frame', 2);
    expect(user.of('closed')).toHaveLength(1);
  });

  it('gives the buffer of a frame that was cut off to the next', async () => {
    const { user, port } = await listen(8, 1);
    const cut = await dial(port, true);
    await user.expect('opened');
    cut.write(framed(pattern(1000, 1)).subarray(0, 500), () => cut.end());
    await user.expect('closed');
    const whole = pattern(1000, 2);
    (await dial(port)).write(framed(whole));
    await user.expect('frame');
    expect(user.frames).toEqual([whole]);
  });

  it('lets a frame that is long in coming hold up no other connection', async () => {
    const { user, port } = await listen(8, 2);
    const slow = await dial(port);
    const begun = framed(pattern(1000, 1));
    slow.write(begun.subarray(0, 500));
    await user.expect('opened');
    const quick = await dial(port);
    quick.write(framed(pattern(7, 2), pattern(7, 3), pattern(7, 4)));
    await user.expect('frame', 3);
    slow.write(begun.subarray(500));
    await user.expect('frame', 4);
    expect(user.frames[3]).toEqual(pattern(1000, 1));
  });

  it('stops reading while no buffer is posted, and loses nothing', async () => {
    const { user, port } = await listen();
    const socket = await dial(port);
    await user.expect('opened');
    user.hold();
    const frame = pattern(64 * 1024, 1);
    let written = 0;
    const total = 400;
    const write = (): void => {
      while (written < total) {
        written += 1;
        if (!socket.write(framed(frame))) {
          socket.once('drain', write);
          return;
        }
      }
    };
    write();
    await user.expect('frame', 3);
    // 25 MB are more than the kernel's buffers hold: a port that went on reading would take all of it.
    await until(() => socket.writableNeedDrain);
    expect(user.frames.length).toBeLessThanOrEqual(4);
    user.release();
    await user.expect('frame', total);
    expect(user.frames.every((received) => same(received, frame))).toBe(true);
  });

  it('sends frames in order, the payload gathered behind the head, and counts what it put on the wire', async () => {
    const { user, port } = await listen();
    const received = collect(await dial(port));
    const [opened] = await user.expect('opened');
    const connection = opened?.connection ?? 0;
    const long = pattern(5000, 1);
    const payload = pattern(MAX_TRANSFER_BYTES, 2);
    const sent = await Promise.all([
      user.send(connection, pattern(10, 3)),
      user.send(connection, long, payload),
      user.send(connection, pattern(20, 4), pattern(0, 0)),
    ]);
    const expected = framed(pattern(10, 3), Buffer.concat([long, payload]), pattern(20, 4));
    expect(sent.reduce((sum, bytes) => sum + bytes, 0)).toBe(expected.length);
    await until(() => received.bytes().length >= expected.length);
    expect(same(received.bytes(), expected)).toBe(true);
    expect(user.port.maxPayloadBytes(connection)).toBe(MAX_TRANSFER_BYTES);
  });

  it('does not complete a send that the other side does not take, and fails it when the connection ends', async () => {
    const { user, port } = await listen();
    const socket = await dial(port);
    const [opened] = await user.expect('opened');
    const connection = opened?.connection ?? 0;
    socket.pause();
    const payload = pattern(MAX_TRANSFER_BYTES, 1);
    let completed = 0;
    const sends = Array.from({ length: 100 }, () => user.send(connection, pattern(4, 1), payload).then(() => { completed += 1; }));
    const results = Promise.allSettled(sends);
    await until(() => completed > 0);
    expect(completed).toBeLessThan(100);
    socket.destroy();
    await user.expect('closed');
    expect((await results).some((result) => result.status === 'rejected')).toBe(true);
    await expect(user.send(connection, pattern(4, 1))).rejects.toMatchObject({ fault: { kind: 'closed' } });
  });

  it('hands over what it sent before it ends a connection', async () => {
    const { user, port } = await listen();
    const socket = await dial(port);
    const received = collect(socket);
    const ended = new Promise((resolve) => socket.once('end', resolve));
    const [opened] = await user.expect('opened');
    const connection = opened?.connection ?? 0;
    // Unread bytes at the card must not turn the ending into a reset.
    socket.write(pattern(3, 0xff));
    const refusal = pattern(100, 1);
    void user.send(connection, refusal);
    user.port.close(connection);
    await ended;
    expect(same(received.bytes(), framed(refusal))).toBe(true);
    const [closed] = await user.expect('closed');
    expect(closed?.reason).toBe('closed by this card');
  });

  it('takes no more connections than it may, and one again when one has gone', async () => {
    const { user, port } = await listen(2);
    const first = await dial(port);
    await dial(port);
    await user.expect('opened', 2);
    const refused = await dial(port);
    await new Promise((resolve) => refused.once('close', resolve));
    first.destroy();
    await user.expect('closed');
    await dial(port);
    await user.expect('opened', 3);
  });

  it('says why it cannot listen', async () => {
    const { address } = await listen();
    const taken = parseAddress(address);
    if (taken.kind !== 'tcp') throw new Error('not a TCP address');
    await expect(listenTcp(new FrameHub(1), taken)).rejects.toMatchObject({ code: 'ADDRESS_NOT_USABLE' });
  });
});

describe('a peer port over TCP', () => {
  async function dialled(): Promise<{ primary: PortUser; secondary: PortUser; connection: number; peer: CardPeerPort }> {
    const listening = new CardPeerPort();
    await listening.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, recordingTrace());
    const peer = new CardPeerPort();
    cleanUp.push(() => listening.shutDown(), () => peer.shutDown());
    const primary = new PortUser(listening);
    const secondary = new PortUser(peer);
    const connection = await new Promise<number>((resolve, reject) => {
      peer.dial(listening.address ?? '', { succeed: resolve, fail: (fault) => { reject(new Error(fault.text)); } });
    });
    return { primary, secondary, connection, peer };
  }

  it('dials, and carries frames both ways', async () => {
    const { primary, secondary, connection, peer } = await dialled();
    expect(peer.listening).toBe(false);
    const [opened] = await secondary.expect('opened');
    expect(opened?.connection).toBe(connection);
    await secondary.send(connection, pattern(100, 1), pattern(MAX_TRANSFER_BYTES, 2));
    await primary.expect('frame');
    expect(same(primary.frames[0] ?? new Uint8Array(), Buffer.concat([pattern(100, 1), pattern(MAX_TRANSFER_BYTES, 2)]))).toBe(true);
    const [accepted] = await primary.expect('opened');
    await primary.send(accepted?.connection ?? 0, pattern(50, 3));
    await secondary.expect('frame');
    expect(secondary.frames).toEqual([pattern(50, 3)]);
  });

  it('holds back what comes over a dialled connection while no buffer is posted', async () => {
    const { primary, secondary } = await dialled();
    await secondary.expect('opened');
    secondary.hold();
    const [accepted] = await primary.expect('opened');
    const payload = pattern(MAX_TRANSFER_BYTES, 1);
    const sends = Array.from({ length: 60 }, () => primary.send(accepted?.connection ?? 0, pattern(4, 2), payload));
    await secondary.expect('frame', 3);
    expect(secondary.frames.length).toBeLessThanOrEqual(4);
    secondary.release();
    await Promise.all(sends);
    await secondary.expect('frame', 60);
    expect(secondary.frames.every((frame) => same(frame.subarray(4), payload))).toBe(true);
  });

  it('tells the dialling side when the other one goes', async () => {
    const { primary, secondary } = await dialled();
    const [accepted] = await primary.expect('opened');
    primary.port.close(accepted?.connection ?? 0);
    const [closed] = await secondary.expect('closed');
    expect(closed?.reason).toMatch(/other side/);
  });

  it.each([
    ['nobody listens', () => freePort().then((port) => `tcp://127.0.0.1:${String(port)}`), 'closed'],
    ['the address is none', () => Promise.resolve('nonsense'), 'not-found'],
    ['the serial device is not there', () => Promise.resolve('serial:///dev/not-there'), 'closed'],
  ])('fails to dial when %s', async (_what, address, kind) => {
    const peer = new CardPeerPort();
    cleanUp.push(() => peer.shutDown());
    const to = await address();
    const fault = await new Promise((resolve) => { peer.dial(to, { succeed: resolve, fail: resolve }); });
    expect(fault).toMatchObject({ kind });
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const bound = server.address();
      server.close(() => { resolve(typeof bound === 'object' && bound !== null ? bound.port : 0); });
    });
  });
}
