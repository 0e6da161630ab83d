import { createServer, type Server, type Socket, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeLengthPrefix, VarintFrameReceiver } from '../../protos/framing/varint-frames.js';
import { until } from '../emulator/support.js';
import type { FrameFault } from './link-faults.js';
import { LinkProxy } from './link-proxy.js';

const LONGEST_BYTES = 1024;
/** Enough to fill what sockets hold on loopback. */
const MANY_FRAMES = 20_000;
const QUIET_LOOKS = 100;

/** One end of a connection: a card as far as frames go. */
class End {
  readonly received: string[] = [];
  ended = false;

  constructor(readonly socket: Socket) {
    const receiver = new VarintFrameReceiver(LONGEST_BYTES, {
      needBuffer: (lengthBytes) => new Uint8Array(lengthBytes),
      frame: (buffer) => { this.received.push(Buffer.from(buffer).toString()); },
    });
    socket.on('data', (chunk) => { receiver.feed(chunk); });
    socket.on('error', () => undefined);
    for (const event of ['end', 'close']) socket.on(event, () => { this.ended = true; });
  }

  send(...texts: readonly string[]): void {
    for (const text of texts) {
      this.socket.write(encodeLengthPrefix(text.length));
      this.socket.write(text);
    }
  }

  async has(count: number): Promise<readonly string[]> {
    await until(() => this.received.length >= count);
    return this.received;
  }
}

let proxy: LinkProxy;
let server: Server;
const primaries: End[] = [];
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer((socket) => {
    sockets.push(socket);
    primaries.push(new End(socket));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  proxy = await LinkProxy.listen();
  proxy.primaryAddress = `tcp://127.0.0.1:${String(portOf(server.address()))}`;
});

afterEach(async () => {
  for (const socket of [...sockets.splice(0), ...primaries.splice(0).map((end) => end.socket)]) socket.destroy();
  await proxy.close();
  server.close();
});

function portOf(address: unknown): number {
  if (typeof address === 'object' && address !== null && 'port' in address && typeof address.port === 'number') return address.port;
  throw new Error('it does not listen');
}

function dial(): End {
  const socket = connect(Number(proxy.address.split(':').at(-1)), '127.0.0.1');
  sockets.push(socket);
  return new End(socket);
}

/** A connection that frames have crossed both ways. */
async function connected(): Promise<{ primary: End; secondary: End }> {
  const before = primaries.length;
  const secondary = dial();
  secondary.send('hello');
  await until(() => primaries.length > before);
  const primary = primaries[before];
  if (primary === undefined) throw new Error('nobody was connected');
  await primary.has(1);
  primary.send('welcome');
  await secondary.has(1);
  primary.received.length = 0;
  secondary.received.length = 0;
  return { primary, secondary };
}

/** Waits until a figure has not changed for a good while. */
async function untilQuiet(figure: () => number): Promise<void> {
  let last = figure();
  let looks = 0;
  await until(() => {
    looks = figure() === last ? looks + 1 : 0;
    last = figure();
    return looks > QUIET_LOOKS;
  });
}

describe('the link proxy', () => {
  it('passes frames on both ways, in order, whatever they are split into', async () => {
    const { primary, secondary } = await connected();
    for (const byte of [...encodeLengthPrefix(3), ...Buffer.from('one')]) {
      secondary.socket.write(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    secondary.send('two', 'three');
    primary.send('four');
    expect(await primary.has(3)).toEqual(['one', 'two', 'three']);
    expect(await secondary.has(1)).toEqual(['four']);
    expect([proxy.frames, [...proxy.counts]]).toEqual([6, []]);
  });

  it.each<[FrameFault, string[]]>([
    ['drop', ['a', 'b', 'd', 'e']],
    ['duplicate', ['a', 'b', 'c', 'c', 'd', 'e']],
    ['delay', ['a', 'b', 'd', 'c', 'e']],
  ])('has a %s strike the frame that it is told, of that way alone', async (fault, arrived) => {
    const { primary, secondary } = await connected();
    proxy.arm('to the secondary', fault, 2);
    secondary.send('1', '2', '3', '4');
    expect(await primary.has(4)).toEqual(['1', '2', '3', '4']);
    primary.send('a', 'b', 'c', 'd', 'e');
    expect(await secondary.has(arrived.length)).toEqual(arrived);
    expect([...proxy.counts]).toEqual([[fault, 1]]);
  });

  it('has a late frame arrive in a later connection, behind as many frames', async () => {
    const first = await connected();
    proxy.arm('to the primary', 'late', 2);
    first.secondary.send('a', 'b', 'c', 'd', 'e');
    expect(await first.primary.has(4)).toEqual(['a', 'b', 'd', 'e']);
    const second = await connected();
    second.secondary.send('f', 'g', 'h');
    // The hello of this connection is the first of them.
    expect(await second.primary.has(4)).toEqual(['f', 'g', 'c', 'h']);
  });

  it('tears a frame: its first half arrives, and the connection is over', async () => {
    const { primary, secondary } = await connected();
    let bytes = 0;
    primary.socket.on('data', (chunk) => { bytes += chunk.length; });
    proxy.arm('to the primary', 'tear', 1);
    secondary.send('whole', 'half done', 'never');
    await until(() => primary.ended && secondary.ended);
    expect([primary.received, bytes]).toEqual([['whole'], 1 + 5 + 1 + 4]);
  });

  it('cuts, tells both, and lets them connect anew', async () => {
    const { primary, secondary } = await connected();
    proxy.cut();
    await until(() => primary.ended && secondary.ended);
    await connected();
  });

  it('refuses until it is mended', async () => {
    const { primary, secondary } = await connected();
    proxy.refuse();
    await until(() => primary.ended && secondary.ended);
    const refused = dial();
    await until(() => refused.ended);
    expect(primaries.length).toBe(1);
    proxy.mend();
    await connected();
  });

  it('lets nobody in while there is no primary', async () => {
    proxy.primaryAddress = undefined;
    const refused = dial();
    await until(() => refused.ended);
    expect(primaries).toEqual([]);
  });

  it('stalls: nothing is lost, and nobody is told, until it is mended', async () => {
    const { primary, secondary } = await connected();
    proxy.stall();
    secondary.send('a', 'b');
    primary.send('c');
    const other = dial();
    other.send('d');
    await until(() => primaries.length === 2);
    expect([primary.received, secondary.received, primaries[1]?.received]).toEqual([[], [], []]);
    proxy.mend();
    expect(await primary.has(2)).toEqual(['a', 'b']);
    expect(await secondary.has(1)).toEqual(['c']);
    expect(await primaries[1]?.has(1)).toEqual(['d']);
  });

  it('is deaf one way, until it is mended', async () => {
    const { primary, secondary } = await connected();
    proxy.deafen('to the primary');
    secondary.send('lost', 'lost too');
    primary.send('a');
    expect(await secondary.has(1)).toEqual(['a']);
    await until(() => proxy.frames === 5);
    proxy.mend();
    secondary.send('b');
    expect(await primary.has(1)).toEqual(['b']);
  });

  it.each(['primary', 'secondary'] as const)('leaves a connection half-open: only the %s is told', async (told) => {
    const ends = await connected();
    proxy.halfOpen(told);
    await until(() => ends[told].ended);
    const other = told === 'primary' ? ends.secondary : ends.primary;
    other.send('to nobody');
    await until(() => proxy.frames === 3);
    expect([other.ended, proxy.connections]).toEqual([false, 1]);
    other.socket.destroy();
    await until(() => proxy.connections === 0);
  });

  it('takes no more than goes out', async () => {
    const { primary, secondary } = await connected();
    primary.socket.pause();
    const text = 'x'.repeat(LONGEST_BYTES);
    secondary.send(...Array.from({ length: MANY_FRAMES }, () => text));
    await untilQuiet(() => proxy.frames);
    expect(proxy.frames).toBeLessThan(MANY_FRAMES);
    primary.socket.resume();
    await primary.has(MANY_FRAMES);
    expect(primary.received.length).toBe(MANY_FRAMES);
  });
});
