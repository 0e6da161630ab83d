import { describe, expect, it } from 'vitest';
import { FrameHub } from '../../../emulator/parts/frame-hub.js';
import { memoryLink } from '../../../emulator/parts/memory-link.js';
import { connectInProcess, type FrameChannel } from '../../../emulator/parts/memory-port.js';
import { MEMORY_BACKLOG_FRAMES } from '../../../emulator/limits.js';
import { FRAME_BUFFER_BYTES } from '../../../firmware/limits.js';
import { PortUser } from '../port-user.js';
import { pattern, settled, until } from '../support.js';

function connected(buffers = 4): { user: PortUser; channel: FrameChannel; frames: Uint8Array[]; closed: string[] } {
  const hub = new FrameHub(2);
  const user = new PortUser(hub, buffers);
  const channel = connectInProcess(hub, 'test');
  if (channel === undefined) throw new Error('no room');
  const frames: Uint8Array[] = [];
  const closed: string[] = [];
  channel.onFrame((frame) => frames.push(frame.slice()));
  channel.onClose((reason) => closed.push(reason));
  return { user, channel, frames, closed };
}

describe('an in-process connection', () => {
  it('carries frames both ways, in order', async () => {
    const { user, channel, frames } = connected();
    channel.send([pattern(3, 1), pattern(4, 2)]);
    channel.send([pattern(5, 3)]);
    await user.expect('frame', 2);
    expect(user.frames).toEqual([new Uint8Array([...pattern(3, 1), ...pattern(4, 2)]), pattern(5, 3)]);
    const connection = user.of('opened')[0]?.connection ?? 0;
    await user.send(connection, pattern(6, 4), pattern(7, 5));
    await until(() => frames.length === 1);
    expect(frames[0]).toEqual(new Uint8Array([...pattern(6, 4), ...pattern(7, 5)]));
  });

  it('is done with the memory of a frame when send returns', async () => {
    const { user, channel } = connected();
    const part = pattern(10, 1);
    channel.send([part]);
    part.fill(0);
    await user.expect('frame');
    expect(user.frames).toEqual([pattern(10, 1)]);
  });

  it('runs neither side inside the call of the other', async () => {
    const { user, channel, frames } = connected();
    channel.send([pattern(1, 1)]);
    expect(user.frames).toHaveLength(0);
    await user.expect('opened');
    const sent = user.send(user.of('opened')[0]?.connection ?? 0, pattern(1, 2));
    expect(frames).toHaveLength(0);
    await sent;
    await until(() => frames.length === 1);
  });

  it('keeps frames until a buffer is posted', async () => {
    const { user, channel } = connected(1);
    user.hold();
    await user.expect('opened');
    for (let i = 0; i < 50; i += 1) channel.send([pattern(8, i)]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(user.frames).toHaveLength(0);
    user.release();
    await user.expect('frame', 50);
    expect(user.frames).toEqual(Array.from({ length: 50 }, (_, i) => pattern(8, i)));
  });

  it('tells the host when the card closes, and the card when the host does', async () => {
    const first = connected();
    await first.user.expect('opened');
    first.user.port.close(first.user.of('opened')[0]?.connection ?? 0);
    await until(() => first.closed.length === 1);
    await first.user.expect('closed');
    await expect(first.user.send(1, pattern(1, 1))).rejects.toMatchObject({ fault: { kind: 'closed' } });

    const second = connected();
    second.channel.close();
    await second.user.expect('closed');
    second.channel.send([pattern(1, 1)]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(second.user.frames).toHaveLength(0);
  });

  it('ends a connection that sends an oversize frame, or never waits', async () => {
    const oversize = connected();
    oversize.channel.send([new Uint8Array(FRAME_BUFFER_BYTES + 1)]);
    await oversize.user.expect('closed');
    const hasty = connected();
    for (let i = 0; i <= MEMORY_BACKLOG_FRAMES; i += 1) hasty.channel.send([pattern(1, i)]);
    const [closed] = await hasty.user.expect('closed');
    expect(closed?.reason).toMatch(/could not take/);
  });

  it('is refused when the port has no room', () => {
    const hub = new FrameHub(1);
    expect(connectInProcess(hub, 'one')).toBeDefined();
    expect(connectInProcess(hub, 'two')).toBeUndefined();
  });
});

describe('a memory link', () => {
  it('carries frames between two peer ports until it is cut, and again when it is mended', async () => {
    const link = memoryLink();
    const primary = new PortUser(link.primary);
    const secondary = new PortUser(link.secondary);
    const dial = (): Promise<number> => settled<number>((done) => { link.secondary.dial('any', done); });
    const connection = await dial();
    await secondary.send(connection, pattern(10, 1));
    await primary.expect('frame');
    await primary.send(primary.of('opened')[0]?.connection ?? 0, pattern(11, 2));
    await secondary.expect('frame');

    link.cut();
    await primary.expect('closed');
    await secondary.expect('closed');
    await expect(dial()).rejects.toMatchObject({ fault: { kind: 'closed' } });
    link.mend();
    await secondary.send(await dial(), pattern(12, 3));
    await primary.expect('frame', 2);
    expect(primary.frames).toEqual([pattern(10, 1), pattern(12, 3)]);
  });
});
