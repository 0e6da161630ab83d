import { fromBinary } from '@bufbuild/protobuf';
import { type FaultOptions, NO_FAULTS } from '../../../emulator/simulation/faults.js';
import type { Random } from '../../../emulator/simulation/random.js';
import type { Scheduler } from '../../../emulator/simulation/scheduler.js';
import { type AttachedPort, SimLink } from '../../../emulator/simulation/sim-link.js';
import type { Completion } from '../../../firmware/hal.js';
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
 * - `hold`: arrives late, when the test calls {@link WatchedLink.releaseHeld}.
 */
export type WireVerdict = 'deliver' | 'drop' | 'twice' | 'hold';

/** What a test usually asks of a frame that left. */
export interface SentFrame {
  readonly from: string;
  readonly case: string | undefined;
  readonly payloadBytes: number;
}

/** One end of a connection. */
interface Place {
  readonly port: AttachedPort;
  readonly connection: number;
}

const MAX_PAYLOAD_BYTES = 256 * 1024;
const LOST = { ...NO_FAULTS, frameLost: 1 };
const TWICE = { ...NO_FAULTS, frameTwice: 1 };
const UNHEARD: Completion<number> = { succeed: () => undefined, fail: () => undefined };

/** The simulated link, whose frames a test sees, and may lose, hold back, double and add to. */
export class WatchedLink extends SimLink {
  /** Largest payload in a frame. */
  declare maxPayloadBytes: number;
  /** What becomes of each frame as it leaves. */
  fault: ((frame: WireFrame) => WireVerdict) | undefined;
  /** Frames that left, oldest first. */
  sent: SentFrame[] = [];
  /** Dials that were carried out, well or badly. */
  dials = 0;
  #holdsDials = false;
  readonly #heldDials: (() => void)[] = [];
  readonly #held: (Place & { readonly frame: WireFrame })[] = [];
  /** Frames that a test puts on the line: they are no sender's. */
  readonly #injected: Uint8Array[] = [];
  readonly #sequences = new Map<string, number>();
  readonly #attached = new Map<string, AttachedPort>();
  /** By port, its end of the newest connection. */
  readonly #newest = new Map<string, Place>();
  /** Connections up to this one carry nothing any more. */
  #stuckUpTo = 0;

  constructor(scheduler: Scheduler, random: Random, maxPayloadBytes = MAX_PAYLOAD_BYTES) {
    super(scheduler, random, () => NO_FAULTS, maxPayloadBytes);
    this.faults = (port, connection, bytes) => this.#faultsOf(port, connection, bytes);
  }

  /** Dials do not complete as long as it is so. */
  set holdDials(holds: boolean) {
    this.#holdsDials = holds;
    if (!holds) for (const dial of this.#heldDials.splice(0)) dial();
  }

  /** Sends what a verdict held back. */
  releaseHeld(): void {
    for (const { frame, ...place } of this.#held.splice(0)) this.#inject(place, frame.bytes);
  }

  get heldFrames(): readonly WireFrame[] {
    return this.#held.map(({ frame }) => frame);
  }

  /** Puts a frame on the wire as if `from` had sent it on its newest connection. */
  inject(from: string, bytes: Uint8Array): void {
    const place = this.#newest.get(from);
    if (place === undefined) throw new Error(`${from} has no connection`);
    this.#inject(place, bytes);
  }

  /** Connections open now carry nothing any more, and their sends do not complete; later ones work. */
  stick(): void {
    this.#stuckUpTo = Math.max(...[...this.#newest.values()].map(({ connection }) => connection));
    this.lose();
  }

  /** Connects to a card and says nothing. */
  connectSilently(address: string): void {
    super.dial({ address: 'a stranger', on: true, event: () => undefined, frame: () => undefined }, address, UNHEARD);
  }

  /** The sequence number that the next frame of a port in a session would bear. */
  sequenceAfter(from: string, session: bigint): number {
    return this.#sequences.get(`${from} ${String(session)}`) ?? 0;
  }

  override cut(silent = false): void {
    super.cut(silent);
  }

  override attach(port: AttachedPort): void {
    super.attach(port);
    this.#attached.set(port.address, port);
  }

  override dial(from: AttachedPort, address: string, done: Completion<number>): void {
    const dial = (): void => {
      super.dial(from, address, {
        succeed: (connection) => {
          this.dials += 1;
          this.#connected(from, address, connection);
          done.succeed(connection);
        },
        fail: (fault) => {
          this.dials += 1;
          done.fail(fault);
        },
      });
    };
    if (this.#holdsDials) this.#heldDials.push(dial);
    else dial();
  }

  override send(port: AttachedPort, connection: number, parts: readonly Uint8Array[], done: Completion<number>): void {
    if (connection > this.#stuckUpTo) super.send(port, connection, parts, done);
  }

  override close(port: AttachedPort, connection: number): void {
    if (connection > this.#stuckUpTo) super.close(port, connection);
    else port.event({ kind: 'closed', connection, reason: 'closed here' });
  }

  #faultsOf(port: AttachedPort, connection: number, bytes: Uint8Array): FaultOptions {
    if (connection <= this.#stuckUpTo) return LOST;
    const injected = this.#injected.findIndex((one) => Buffer.compare(one, bytes) === 0);
    if (injected >= 0) {
      this.#injected.splice(injected, 1);
      return NO_FAULTS;
    }
    const frame: WireFrame = { from: port.address, bytes, decode: () => fromBinary(LinkFrameSchema, bytes) };
    this.#note(frame);
    const verdict = this.fault?.(frame) ?? 'deliver';
    if (verdict === 'hold') this.#held.push({ port, connection, frame });
    if (verdict === 'drop' || verdict === 'hold' || connection <= this.#stuckUpTo) return LOST;
    return verdict === 'twice' ? TWICE : NO_FAULTS;
  }

  #note({ from, decode }: WireFrame): void {
    const { session, sequence, body, payload } = decode();
    this.sent.push({ from, case: body.case, payloadBytes: payload.length });
    this.#sequences.set(`${from} ${String(session)}`, sequence + 1);
  }

  #connected(from: AttachedPort, address: string, connection: number): void {
    this.#newest.set(from.address, { port: from, connection });
    const other = this.#attached.get(address);
    if (other !== undefined) this.#newest.set(address, { port: other, connection: connection + 1 });
  }

  #inject({ port, connection }: Place, bytes: Uint8Array): void {
    this.#injected.push(bytes);
    super.send(port, connection, [bytes], UNHEARD);
  }
}
