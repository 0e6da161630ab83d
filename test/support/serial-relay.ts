import { type ChildProcess, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One of the two ends of a line. */
export type End = 0 | 1;

/** A serial line between two ports, with a hand on it. */
export interface SerialRelay {
  /** Where the ports are; they keep their names when they are plugged in again. */
  readonly paths: readonly [string, string];
  /** Puts bytes onto the line, as they come out at an end. */
  inject(end: End, bytes: Uint8Array): void;
  /** Garbles the next bytes that pass to an end. */
  damage(end: End): void;
  /** The port of an end goes away, as a USB adapter does. What was on its way to it is lost. */
  unplug(end: End): Promise<void>;
  plug(end: End): Promise<void>;
  close(): Promise<void>;
}

/** Bytes that the relay takes from a port before it has passed them on. */
const RELAY_BUFFER_BYTES = 1024;
/** As long as a frame at least, so that one is hit and not what stands between two. */
const LEAST_DAMAGED_BYTES = 16;
const TICK_MS = 10;

/**
 * Makes a line. Each way it passes `bytesPerSecond`, and lets the sender wait; ports of `socat` alone hold some
 * 36 KiB, and pass them on as fast as they can.
 */
export async function openSerialRelay(bytesPerSecond = Infinity): Promise<SerialRelay> {
  const directory = mkdtempSync(join(tmpdir(), 'grainlink-relay-'));
  const paths = [join(directory, 'one'), join(directory, 'other')] as const;
  const ends: [PortEnd, PortEnd] = [new PortEnd(paths[0]), new PortEnd(paths[1])];
  await Promise.all(ends.map((end) => end.plug()));
  const ways: [Way, Way] = [passOn(ends[1], ends[0], bytesPerSecond), passOn(ends[0], ends[1], bytesPerSecond)];
  return {
    paths,
    inject: (end, bytes) => { ends[end].send(bytes); },
    damage: (end) => { ways[end].damage(); },
    unplug: (end) => ends[end].unplug(),
    plug: (end) => ends[end].plug(),
    close: async () => {
      for (const way of ways) way.stop();
      await Promise.all(ends.map((end) => end.unplug()));
      rmSync(directory, { recursive: true });
    },
  };
}

/** One direction of a line. */
interface Way {
  damage(): void;
  stop(): void;
}

/** Passes on what comes in at `from`. */
function passOn(from: PortEnd, to: PortEnd, bytesPerSecond: number): Way {
  let toDamage = false;
  let waiting = Buffer.alloc(0);
  let allowanceBytes = 0;
  let lastMs = performance.now();
  const pass = (): void => {
    const nowMs = performance.now();
    // A line that was silent has nothing saved up.
    if (waiting.length === 0) allowanceBytes = 0;
    else allowanceBytes += bytesPerSecond * Math.max(0.001, nowMs - lastMs) / 1000;
    lastMs = nowMs;
    const bytes = to.isFull ? 0 : Math.min(waiting.length, Math.floor(allowanceBytes));
    if (bytes === 0) return;
    allowanceBytes -= bytes;
    const passed = waiting.subarray(0, bytes);
    if (toDamage && bytes >= LEAST_DAMAGED_BYTES) {
      toDamage = false;
      randomFillSync(passed, Math.floor(bytes / 2) - 2, 4);
    }
    to.send(passed);
    waiting = waiting.subarray(bytes);
    if (waiting.length < RELAY_BUFFER_BYTES) from.resume();
  };
  from.onData = (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    pass();
    if (waiting.length >= RELAY_BUFFER_BYTES) from.pause();
  };
  const timer = setInterval(pass, TICK_MS);
  return { damage: () => { toDamage = true; }, stop: () => { clearInterval(timer); } };
}

/** A port, and the relay's end of it. */
class PortEnd {
  /** Takes what the user of the port sent. */
  onData: (chunk: Buffer) => void = () => undefined;
  #plugged: { readonly socat: ChildProcess; readonly server: Server; readonly socket: Socket; readonly held: number } | undefined;

  constructor(private readonly path: string) {}

  async plug(): Promise<void> {
    const socketPath = `${this.path}.socket`;
    const server = createServer();
    const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const socat = spawn('socat', [`pty,raw,echo=0,link=${this.path}`, `unix-connect:${socketPath},sndbuf=1`], { stdio: 'ignore' });
    const socket = await connected;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => { this.onData(chunk); });
    // Held open, and never read: the last close of a port would hang up on socat, and end it.
    const held = openSync(this.path, constants.O_RDWR | constants.O_NOCTTY);
    this.#plugged = { socat, server, socket, held };
  }

  /** Whether the port has not yet taken what was sent to it. */
  get isFull(): boolean {
    return this.#plugged !== undefined && this.#plugged.socket.writableLength > 0;
  }

  /** Towards the user of the port. Where there is none, it is lost. */
  send(bytes: Uint8Array): void {
    this.#plugged?.socket.write(bytes);
  }

  pause(): void {
    this.#plugged?.socket.pause();
  }

  resume(): void {
    this.#plugged?.socket.resume();
  }

  async unplug(): Promise<void> {
    if (this.#plugged === undefined) return;
    const { socat, server, socket, held } = this.#plugged;
    this.#plugged = undefined;
    const exited = new Promise((resolve) => socat.once('exit', resolve));
    socat.kill();
    await exited;
    closeSync(held);
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}
