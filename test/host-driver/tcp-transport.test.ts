import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, ConnectionLostError, HostDriver, tcpTransport, type Transport } from '../../host-driver/index.js';
import { FakeCard } from './fake-card.js';
import { listenTcp } from './fake-lines.js';
import { pattern } from './test-data.js';

const TIMEOUT_MS = 10_000;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A line whose other end is a bare socket. */
async function bareLine(): Promise<{ transport: Transport; socket: Socket }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const transport = await tcpTransport('127.0.0.1', port, TIMEOUT_MS);
  while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [socket] = sockets;
  if (socket === undefined) throw new Error('nobody connected');
  socket.on('error', () => undefined);
  closers.push(() => { server.close(); }, () => { socket.destroy(); }, () => { transport.close(); });
  return { transport, socket };
}

function ended(transport: Transport): Promise<string> {
  return new Promise((resolve) => { transport.onClose(resolve); });
}

function frames(transport: Transport, count: number): Promise<string[]> {
  const received: string[] = [];
  return new Promise((resolve) => {
    transport.onFrame((frame) => {
      received.push(Buffer.from(frame).toString());
      if (received.length === count) resolve(received);
    });
  });
}

describe('tcpTransport', () => {
  it('sends each frame behind its length, its parts one after the other', async () => {
    const { transport, socket } = await bareLine();
    const sent = new Promise<Buffer>((resolve) => socket.once('data', (bytes) => { resolve(Buffer.from(bytes)); }));
    transport.send([Buffer.from('head'), Buffer.from('payload')]);
    transport.send([Buffer.from('x')]);
    expect((await sent).toString('latin1')).toBe('\x0bheadpayload\x01x');
  });

  it('puts frames together however the stream is split', async () => {
    const { transport, socket } = await bareLine();
    const received = frames(transport, 3);
    const long = 'y'.repeat(300);
    for (const byte of Buffer.from(`\x03abc\x01x`)) {
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write(Buffer.concat([Uint8Array.of(0xac, 0x02), Buffer.from(long)]));
    expect(await received).toEqual(['abc', 'x', long]);
  });

  it.each([
    ['of zero length', [0]],
    ['longer than the limit', [0xff, 0xff, 0xff, 0x7f]],
    ['whose length does not end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ])('ends the line at a frame %s', async (_what, bytes) => {
    const { transport, socket } = await bareLine();
    const reason = ended(transport);
    socket.write(Uint8Array.from(bytes));
    expect(await reason).toContain('frame');
  });

  it('says when the card hangs up, once, and to a latecomer too', async () => {
    const { transport, socket } = await bareLine();
    const reasons: string[] = [];
    transport.onClose((reason) => reasons.push(reason));
    socket.end();
    expect(await ended(transport)).toBe('closed by the card');
    transport.close();
    expect(await ended(transport)).toBe('closed by the card');
    expect(reasons.length).toBeLessThanOrEqual(1);
  });

  it('asks to wait when the card takes nothing, and says when to go on', async () => {
    const { transport, socket } = await bareLine();
    socket.pause();
    const frame = new Uint8Array(2 ** 20);
    const drains: boolean[] = [];
    transport.onDrain(() => drains.push(true));
    let sent = 0;
    while (transport.send([frame])) {
      sent += 1;
      expect(sent).toBeLessThan(64);
    }
    expect(drains).toEqual([]);
    socket.resume();
    while (drains.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(transport.send([frame])).toBe(true);
  });

  it('does nothing after the end', async () => {
    const { transport } = await bareLine();
    transport.close();
    expect(transport.send([new Uint8Array(1)])).toBe(true);
  });

  it('rejects when nobody listens, and says what to look at', async () => {
    const { address, close } = await listenTcp(() => undefined);
    await close();
    const connecting = connect(address, TIMEOUT_MS);
    await expect(connecting).rejects.toBeInstanceOf(ConnectionLostError);
    await expect(connecting).rejects.toThrow(/is the card running\?/);
  });
});

describe('HostDriver over TCP', () => {
  it('keeps what an answer holds when the next frame comes', async () => {
    const card = new FakeCard();
    const { address, close } = await listenTcp((line) => { card.serve(line); });
    closers.push(close);
    const driver = await HostDriver.connect(address);
    await driver.write(0, pattern(4096, 3));
    await driver.read(0, 4096);
    const identity = await driver.identify();
    await driver.read(0, 4096);
    expect([...identity.cardId]).toEqual(Array.from({ length: 16 }, (_, i) => i));
    driver.close();
  });

  it('rejects what is in flight when the connection is cut off in the middle of a frame', async () => {
    const card = new FakeCard();
    let cut: Socket | undefined;
    const { address, close } = await listenTcp((line, socket) => {
      card.serve(line);
      cut = socket;
    });
    closers.push(close);
    const driver = await HostDriver.connect(address);
    await driver.write(0, pattern(4096, 1));
    card.held = [];
    const reading = driver.read(0, 4096);
    reading.catch(() => undefined);
    cut?.write(Uint8Array.of(0x80, 0x20, 0x1a), () => cut?.destroy());
    await expect(reading).rejects.toBeInstanceOf(ConnectionLostError);
  });

  it('goes on after the card took nothing for a while', async () => {
    const card = new FakeCard({ volumeBytes: 16 * 2 ** 20 });
    let stalled: Socket | undefined;
    const { address, close } = await listenTcp((line, socket) => {
      card.serve(line);
      stalled = socket;
    });
    closers.push(close);
    const driver = await HostDriver.connect(address, { queueDepth: 256 });
    const data = pattern(16 * 2 ** 20, 2);
    stalled?.pause();
    const writing = driver.write(0, data);
    setTimeout(() => stalled?.resume(), 20);
    await writing;
    expect(Buffer.compare(await driver.read(0, data.length), data)).toBe(0);
    driver.close();
  });
});
