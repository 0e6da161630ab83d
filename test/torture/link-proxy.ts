import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { parseAddress } from '../../emulator/parts/address.js';
import type { ArmedFault, FrameFault, LinkFault, Way } from './link-faults.js';
import { LinkWire, type WireMinder } from './link-wire.js';

interface Armed extends ArmedFault {
  /** Frames that still pass before it strikes. */
  left: number;
}

interface Late {
  readonly frame: Uint8Array;
  /** The connection that lost it. */
  readonly wire: number;
  /** Frames of a later connection that still pass before it. */
  left: number;
}

/**
 * The online link (224) with a hand on it: a TCP proxy between two cards that knows where frames begin and end.
 * The secondary dials it, and it dials the primary, wherever that one listens now.
 */
export class LinkProxy implements WireMinder {
  /** Where the primary listens; undefined while it is off: then nobody is let in. */
  primaryAddress: string | undefined;
  /** Faults that took place. */
  readonly counts = new Map<LinkFault, number>();
  /** Frames that came in, both ways. */
  frames = 0;
  readonly #wires = new Set<LinkWire>();
  readonly #armed = new Map<Way, Armed[]>();
  readonly #late = new Map<Way, Late[]>();
  readonly #deaf = new Set<Way>();
  #refusing = false;
  #stalled = false;
  #wiresSoFar = 0;

  private constructor(
    private readonly server: Server,
    private readonly onFault: (fault: LinkFault, way?: Way) => void,
  ) {
    server.on('connection', (socket) => { this.#accept(socket); });
  }

  /** @param onFault is told of each fault when it takes place. */
  static async listen(onFault: (fault: LinkFault, way?: Way) => void = () => undefined): Promise<LinkProxy> {
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new LinkProxy(server, onFault);
  }

  /** What the secondary is told. */
  get address(): string {
    const { port } = this.server.address() as AddressInfo;
    return `tcp://127.0.0.1:${String(port)}`;
  }

  /** Connections that are open on either side. */
  get connections(): number {
    return this.#wires.size;
  }

  /** Has something happen to a frame, once so many others of its way have passed. A late one arrives behind as many of a later connection. */
  arm(way: Way, fault: FrameFault, framesBefore: number): void {
    this.#armed.set(way, [...(this.#armed.get(way) ?? []), { fault, framesBefore, left: framesBefore }]);
  }

  cut(): void {
    this.#count('cut');
    this.#endAll();
  }

  refuse(): void {
    this.#count('refuse');
    this.#refusing = true;
    this.#endAll();
  }

  stall(): void {
    this.#count('stall');
    this.#stalled = true;
    for (const wire of this.#wires) wire.stall();
  }

  deafen(way: Way): void {
    this.#count('deafen', way);
    this.#deaf.add(way);
  }

  /** @param told the card that sees its connections end. */
  halfOpen(told: 'primary' | 'secondary'): void {
    this.#count('half-open');
    for (const wire of this.#wires) wire.halfOpen(told);
  }

  /** Nothing happens to frames any more, and late ones are lost for good. */
  disarm(): void {
    this.#armed.clear();
    this.#late.clear();
  }

  /** The line is as good as new, for new connections at least. */
  mend(): void {
    this.#deaf.clear();
    this.#refusing = false;
    this.#stalled = false;
    for (const wire of this.#wires) wire.unstall();
  }

  async close(): Promise<void> {
    this.#endAll();
    await new Promise<void>((resolve) => { this.server.close(() => { resolve(); }); });
  }

  hears(way: Way): boolean {
    this.frames += 1;
    return !this.#deaf.has(way);
  }

  /** What happens to the frame that has come. */
  faultOf(way: Way): ArmedFault | undefined {
    const armed = this.#armed.get(way) ?? [];
    const due = armed.find(({ left }) => left <= 0);
    for (const each of armed) each.left -= 1;
    if (due === undefined) return undefined;
    armed.splice(armed.indexOf(due), 1);
    this.#count(due.fault, way);
    return due;
  }

  keepLate(way: Way, frame: Uint8Array, wire: number, framesBefore: number): void {
    this.#late.set(way, [...(this.#late.get(way) ?? []), { frame, wire, left: framesBefore }]);
  }

  /** Frames that earlier connections lost, and that arrive now. */
  takeLate(way: Way, wire: number): Uint8Array[] {
    const late = (this.#late.get(way) ?? []).filter((each) => each.wire < wire);
    const due = late.filter(({ left }) => left <= 0);
    for (const each of late) each.left -= 1;
    if (due.length > 0) this.#late.set(way, (this.#late.get(way) ?? []).filter((each) => !due.includes(each)));
    return due.map(({ frame }) => frame);
  }

  ended(wire: LinkWire): void {
    this.#wires.delete(wire);
  }

  #accept(secondary: Socket): void {
    if (this.#refusing || this.primaryAddress === undefined) {
      secondary.destroy();
      return;
    }
    const address = parseAddress(this.primaryAddress);
    if (address.kind !== 'tcp') throw new Error('a link over TCP was to be meddled with');
    const primary = connect({ host: address.host, port: address.port });
    this.#wiresSoFar += 1;
    const wire = new LinkWire({ primary, secondary }, this.#wiresSoFar, this);
    this.#wires.add(wire);
    if (this.#stalled) wire.stall();
  }

  #endAll(): void {
    for (const wire of this.#wires) wire.cut();
  }

  #count(fault: LinkFault, way?: Way): void {
    this.onFault(fault, way);
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
  }
}
