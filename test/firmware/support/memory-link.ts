import { fromBinary } from '@bufbuild/protobuf';
import type { Completion, PeerPort, PortEvent } from '../../../firmware/hal.js';
import { type LinkFrame, LinkFrameSchema } from '../../../protos/gen/grainlink/link/v1/link_pb.js';

/** A frame on its way, as a test sees it before it arrives. */
export interface WireFrame {
  /** The port that sent it. */
  readonly from: string;
  readonly bytes: Uint8Array;
  /** Decoded anew at each call; throws when the bytes are no frame. */
  decode(): LinkFrame;
}

/**
 * - `deliver`: as the line should.
 * - `drop`: lost on the way.
 * - `twice`: arrives two times.
 * - `hold`: arrives late, when the test calls {@link MemoryWire.releaseHeld}.
 */
export type WireVerdict = 'deliver' | 'drop' | 'twice' | 'hold';

/** As much of a receive buffer as the tests' frames use. */
const STAINED_BYTES = 8192;

/** What a test usually asks of a frame that left. */
export interface SentFrame {
  readonly from: string;
  readonly case: string | undefined;
  readonly payloadBytes: number;
}

interface Unsent {
  readonly parts: readonly Uint8Array[];
  readonly done: Completion<number>;
}

type InFlight = Uint8Array | { readonly closed: string };

/** One end of a connection. */
class End {
  unsent: Unsent[] = [];
  inFlight: InFlight[] = [];
  open = true;
  stuck = false;
  other: End | undefined;

  constructor(
    readonly port: MemoryPeerPort,
    readonly connection: number,
  ) {}
}

/**
 * The online link (224) between memory boards, without a clock of its own: nothing moves but by
 * {@link step}. Bytes are taken from the sender's memory only when its frame leaves, so that a firmware
 * that reuses a buffer too early is found out.
 */
export class MemoryWire {
  /** What becomes of each frame as it leaves. */
  fault: ((frame: WireFrame) => WireVerdict) | undefined;
  /** Frames of these ports do not leave, and their sends do not complete: the line is stuck. */
  readonly stalled = new Set<string>();
  /** Dials do not complete. */
  holdDials = false;
  /** Largest payload in a frame. */
  maxPayloadBytes = 256 * 1024;
  /** Frames that left, oldest first. */
  sent: SentFrame[] = [];
  readonly #sequences = new Map<string, number>();
  /** Dials that were carried out, well or badly. */
  dials = 0;
  #up = true;
  readonly #ports = new Map<string, MemoryPeerPort>();
  readonly #ends: End[] = [];
  readonly #held: { readonly end: End; readonly bytes: Uint8Array }[] = [];
  readonly #dials: { readonly from: MemoryPeerPort; readonly address: string; readonly done: Completion<number> }[] = [];
  #nextConnection = 1;

  /** The port of one board; `address` is what others dial. `powered` tells whether the board is on. */
  port(address: string, powered: () => boolean): MemoryPeerPort {
    const port = new MemoryPeerPort(this, address, powered);
    this.#ports.set(address, port);
    return port;
  }

  get up(): boolean {
    return this.#up;
  }

  /** Connections whose two ends are open. */
  get connections(): number {
    return this.#ends.filter((end) => end.open).length / 2;
  }

  /**
   * The line is cut: what is on its way is lost. Both cards are told, or (`silent`) have to find out
   * themselves: their frames vanish.
   */
  cut(silent = false): void {
    this.#up = false;
    for (const end of [...this.#ends]) {
      end.inFlight = [];
      if (silent) continue;
      if (end.open) this.#close(end, 'the line was cut', false);
    }
  }

  /** The line is there again. Connections from before the cut stay lost. */
  restore(): void {
    this.#up = true;
    for (const end of [...this.#ends]) {
      if (end.open) this.#close(end, 'the line had been cut', false);
    }
  }

  /** Delivers what a verdict held back: all, or those that `which` picks. */
  releaseHeld(which: (frame: WireFrame) => boolean = () => true): void {
    for (const held of [...this.#held]) {
      if (!which(frameOf(held.end.port.address, held.bytes))) continue;
      this.#held.splice(this.#held.indexOf(held), 1);
      held.end.inFlight.push(held.bytes);
    }
  }

  get heldFrames(): readonly WireFrame[] {
    return this.#held.map(({ end, bytes }) => frameOf(end.port.address, bytes));
  }

  /** Puts a frame on the wire as if `from` had sent it on its newest connection. */
  inject(from: string, bytes: Uint8Array): void {
    const end = this.#ends.filter((one) => one.port.address === from).at(-1);
    if (end === undefined) throw new Error(`${from} has no connection`);
    end.inFlight.push(bytes);
  }

  /** Connections open now carry nothing any more, and their sends do not complete; later ones work. */
  stick(): void {
    for (const end of this.#ends) end.stuck = true;
  }

  /** Connects to a card and says nothing. */
  connectSilently(address: string): void {
    this.dial(this.port(`stranger ${String(this.#ports.size)}`, () => true), address, { succeed: () => undefined, fail: () => undefined });
  }

  /** The sequence number that the next frame of a port in a session would bear. */
  sequenceAfter(from: string, session: bigint): number {
    return this.#sequences.get(`${from} ${String(session)}`) ?? 0;
  }

  /** Moves one thing, picked by `random` (0 ≤ x < 1). Returns false when nothing can move. */
  step(random: () => number): boolean {
    this.#forgetEnded();
    const moves: (() => void)[] = [];
    if (!this.holdDials && this.#dials.length > 0) moves.push(() => { this.#connect(); });
    for (const end of this.#ends) {
      if (end.stuck) continue;
      if (end.unsent.length > 0 && !this.stalled.has(end.port.address)) moves.push(() => { this.#transmit(end); });
      if (end.inFlight.length > 0 && (end.other?.port.canReceive ?? false)) moves.push(() => { this.#deliver(end); });
    }
    const move = moves[Math.floor(random() * moves.length)];
    move?.();
    return move !== undefined;
  }

  /** The board of this port lost power: some of what it was sending still leaves, nothing reaches it. */
  powerLost(port: MemoryPeerPort, random: () => number, silent: boolean): void {
    for (let i = this.#dials.length - 1; i >= 0; i -= 1) if (this.#dials[i]?.from === port) this.#dials.splice(i, 1);
    for (const end of [...this.#ends]) {
      if (end.port !== port) continue;
      for (const { parts } of end.unsent) {
        if (random() < 0.5) break;
        end.inFlight.push(joined(parts));
      }
      end.unsent = [];
      end.open = false;
      if (!silent) end.inFlight.push({ closed: 'the peer lost power' });
      if (end.other !== undefined) end.other.inFlight = [];
    }
  }

  /** For {@link MemoryPeerPort}. */
  dial(from: MemoryPeerPort, address: string, done: Completion<number>): void {
    this.#dials.push({ from, address, done });
  }

  /** For {@link MemoryPeerPort}. */
  send(port: MemoryPeerPort, connection: number, parts: readonly Uint8Array[], done: Completion<number>): void {
    const end = this.#endOf(port, connection);
    if (end?.open === true) end.unsent.push({ parts, done });
    else done.fail({ kind: 'closed', text: 'the connection is closed' });
  }

  /** For {@link MemoryPeerPort}. */
  close(port: MemoryPeerPort, connection: number): void {
    const end = this.#endOf(port, connection);
    if (end?.open === true) this.#close(end, 'closed here', true);
  }

  #endOf(port: MemoryPeerPort, connection: number): End | undefined {
    return this.#ends.find((end) => end.port === port && end.connection === connection);
  }

  #forgetEnded(): void {
    for (let i = this.#ends.length - 1; i >= 0; i -= 1) {
      const end = this.#ends[i];
      if (end?.open === false && end.other?.open !== true) this.#ends.splice(i, 1);
    }
  }

  #connect(): void {
    const dial = this.#dials.shift();
    if (dial === undefined) return;
    this.dials += 1;
    const target = this.#ports.get(dial.address);
    if (!this.#up || target?.on !== true) {
      dial.done.fail({ kind: 'closed', text: `nobody answers at ${dial.address}` });
      return;
    }
    const near = new End(dial.from, this.#nextConnection);
    const far = new End(target, this.#nextConnection + 1);
    this.#nextConnection += 2;
    near.other = far;
    far.other = near;
    this.#ends.push(near, far);
    target.event({ kind: 'opened', connection: far.connection, remote: dial.from.address });
    dial.from.event({ kind: 'opened', connection: near.connection, remote: target.address });
    dial.done.succeed(near.connection);
  }

  #transmit(end: End): void {
    const next = end.unsent.shift();
    if (next === undefined) return;
    const bytes = joined(next.parts);
    next.done.succeed(bytes.length);
    const frame = frameOf(end.port.address, bytes);
    this.#note(frame);
    const verdict = this.fault?.(frame) ?? 'deliver';
    if (!this.#up || verdict === 'drop') return;
    if (verdict === 'hold') {
      this.#held.push({ end, bytes });
      return;
    }
    end.inFlight.push(bytes);
    if (verdict === 'twice') end.inFlight.push(bytes);
  }

  #note(frame: WireFrame): void {
    const { session, sequence, body, payload } = frame.decode();
    this.sent.push({ from: frame.from, case: body.case, payloadBytes: payload.length });
    this.#sequences.set(`${frame.from} ${String(session)}`, sequence + 1);
  }

  #deliver(end: End): void {
    const next = end.inFlight.shift();
    const other = end.other;
    if (next === undefined || other === undefined) return;
    if (!other.open) return;
    if (next instanceof Uint8Array) {
      other.port.frame(other.connection, next);
    } else {
      this.#close(other, next.closed, false);
    }
  }

  /** @param tell whether the other end learns of it behind what is on its way. */
  #close(end: End, reason: string, tell: boolean): void {
    end.open = false;
    for (const { done } of end.unsent) done.fail({ kind: 'closed', text: reason });
    end.unsent = [];
    end.port.event({ kind: 'closed', connection: end.connection, reason });
    if (tell && this.#up) end.inFlight.push({ closed: 'the peer closed the connection' });
  }
}

/** A board's port on the {@link MemoryWire}. */
export class MemoryPeerPort implements PeerPort {
  listening = true;
  #posted: { readonly buffer: Uint8Array; readonly done: Completion<PortEvent> }[] = [];
  #events: { readonly event: PortEvent; readonly bytes: Uint8Array | undefined }[] = [];

  constructor(
    private readonly wire: MemoryWire,
    readonly address: string,
    private readonly powered: () => boolean,
  ) {}

  get on(): boolean {
    return this.powered();
  }

  get canReceive(): boolean {
    return this.on && this.#posted.length > 0;
  }

  receive(buffer: Uint8Array, done: Completion<PortEvent>): void {
    if (!this.on) return;
    this.#posted.push({ buffer, done });
    this.#match();
  }

  send(connection: number, head: Uint8Array, payload: Uint8Array | undefined, done: Completion<number>): void {
    if (this.on) this.wire.send(this, connection, payload === undefined ? [head] : [head, payload], done);
  }

  close(connection: number): void {
    if (this.on) this.wire.close(this, connection);
  }

  maxPayloadBytes(): number {
    return this.wire.maxPayloadBytes;
  }

  dial(address: string, done: Completion<number>): void {
    if (this.on) this.wire.dial(this, address, done);
  }

  /** Power went: buffers and events are gone. */
  powerLost(random: () => number, silent = false): void {
    this.#posted = [];
    this.#events = [];
    this.wire.powerLost(this, random, silent);
  }

  event(event: PortEvent): void {
    this.#events.push({ event, bytes: undefined });
    this.#match();
  }

  frame(connection: number, bytes: Uint8Array): void {
    this.#events.push({ event: { kind: 'frame', connection, lengthBytes: bytes.length, wireBytes: bytes.length }, bytes });
    this.#match();
  }

  #match(): void {
    while (this.#posted.length > 0 && this.#events.length > 0) {
      const posted = this.#posted.shift();
      const next = this.#events.shift();
      if (posted === undefined || next === undefined) return;
      // Whatever a buffer held before is gone: a view that outlives its frame is found out (rule 10).
      posted.buffer.fill(0xa5, 0, STAINED_BYTES);
      if (next.bytes !== undefined) posted.buffer.set(next.bytes);
      posted.done.succeed(next.event);
    }
  }
}

function frameOf(from: string, bytes: Uint8Array): WireFrame {
  return { from, bytes, decode: () => fromBinary(LinkFrameSchema, bytes) };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
