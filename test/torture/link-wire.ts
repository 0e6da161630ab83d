import type { Socket } from 'node:net';
import { FRAME_BUFFER_BYTES } from '../../firmware/limits.js';
import { encodeLengthPrefix, VarintFrameReceiver } from '../../protos/framing/varint-frames.js';
import { type ArmedFault, WAYS, type Way } from './link-faults.js';

/** What a wire asks of the line that it belongs to. */
export interface WireMinder {
  /** A frame has come. False when it vanishes. */
  hears(way: Way): boolean;
  faultOf(way: Way): ArmedFault | undefined;
  keepLate(way: Way, frame: Uint8Array, wire: number, framesBefore: number): void;
  takeLate(way: Way, wire: number): Uint8Array[];
  ended(wire: LinkWire): void;
}

export interface WireSockets {
  readonly primary: Socket;
  readonly secondary: Socket;
}

/** One connection of the secondary, and that to the primary which it is passed on to. */
export class LinkWire {
  readonly #lanes: readonly Lane[];
  /** Both sides are told alike. */
  #faithful = true;

  constructor(
    private readonly sockets: WireSockets,
    number: number,
    private readonly minder: WireMinder,
  ) {
    this.#lanes = WAYS.map((way) => {
      const [from, to] = way === 'to the primary' ? [sockets.secondary, sockets.primary] : [sockets.primary, sockets.secondary];
      return new Lane(from, to, way, number, minder, () => { this.cut(); });
    });
    for (const socket of [sockets.primary, sockets.secondary]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined); // `close` follows.
      socket.on('end', () => { this.#sideEnded(); });
      socket.on('close', () => { this.#sideEnded(); });
    }
    sockets.secondary.resume();
  }

  cut(): void {
    this.sockets.primary.destroy();
    this.sockets.secondary.destroy();
  }

  stall(): void {
    this.#faithful = false;
    for (const lane of this.#lanes) lane.stall();
  }

  /** What waited goes on, unless a side has given up meanwhile. */
  unstall(): void {
    this.#faithful = true;
    if (this.sockets.primary.destroyed || this.sockets.secondary.destroyed) this.cut();
    else for (const lane of this.#lanes) lane.unstall();
  }

  halfOpen(told: keyof WireSockets): void {
    this.#faithful = false;
    this.sockets[told].destroy();
    for (const lane of this.#lanes) lane.unstall();
  }

  #sideEnded(): void {
    const { primary, secondary } = this.sockets;
    if (this.#faithful) this.cut();
    if (primary.destroyed && secondary.destroyed) this.minder.ended(this);
  }
}

/** One direction of a wire. */
class Lane {
  readonly #receiver: VarintFrameReceiver;
  #stalled = false;
  /** A frame that the next one overtakes. */
  #overtaken: Uint8Array | undefined;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly way: Way,
    private readonly wire: number,
    private readonly minder: WireMinder,
    private readonly cut: () => void,
  ) {
    this.#receiver = new VarintFrameReceiver(FRAME_BUFFER_BYTES, {
      needBuffer: (lengthBytes) => new Uint8Array(lengthBytes),
      frame: (buffer, lengthBytes) => { this.#frame(buffer.subarray(0, lengthBytes)); },
    });
    from.on('data', (chunk) => { this.#receiver.feed(chunk); });
    to.on('drain', () => { this.#flow(); });
  }

  stall(): void {
    this.#stalled = true;
    this.#flow();
  }

  unstall(): void {
    this.#stalled = false;
    this.#flow();
  }

  #frame(frame: Uint8Array): void {
    if (!this.minder.hears(this.way)) return;
    this.#suffer(this.minder.faultOf(this.way), frame);
    for (const late of this.minder.takeLate(this.way, this.wire)) this.#pass(late);
    this.#flow();
  }

  #suffer(armed: ArmedFault | undefined, frame: Uint8Array): void {
    switch (armed?.fault) {
      case 'drop':
        return;
      case 'late':
        this.minder.keepLate(this.way, frame, this.wire, armed.framesBefore);
        return;
      case 'delay':
        this.#passOvertaken();
        this.#overtaken = frame;
        return;
      case 'tear':
        this.to.write(encodeLengthPrefix(frame.length));
        this.to.end(frame.subarray(0, frame.length >> 1), this.cut);
        return;
      case 'duplicate':
        this.#pass(frame);
        this.#pass(frame);
        break;
      case undefined:
        this.#pass(frame);
    }
    this.#passOvertaken();
  }

  #passOvertaken(): void {
    const overtaken = this.#overtaken;
    this.#overtaken = undefined;
    if (overtaken !== undefined) this.#pass(overtaken);
  }

  #pass(frame: Uint8Array): void {
    if (!this.to.writable) return;
    this.to.write(encodeLengthPrefix(frame.length));
    this.to.write(frame);
  }

  /** No more is taken than goes out. Where nothing goes out any more, all is taken. */
  #flow(): void {
    if (this.#stalled || (this.to.writableNeedDrain && !this.to.destroyed)) this.from.pause();
    else this.from.resume();
  }
}
