import type { Completion, PortEvent } from '../../firmware/hal.js';
import type { FaultOptions } from './faults.js';
import type { Random } from './random.js';
import type { Scheduler, SimEvent } from './scheduler.js';
import { copyOf } from './slab.js';

/** A frame's time to leave a card, and to cross the line. */
const LEAVE_LEAST_US = 5;
const LEAVE_MOST_US = 60;
const CROSS_LEAST_US = 50;
const CROSS_MOST_US = 1500;
/** How much later than usual a late frame is. */
const LATE_US = 20_000;
const DIAL_US = 500;

/** A board's port, as the line sees it. */
export interface AttachedPort {
  /** Where others find it. */
  readonly address: string;
  /** Whether its board has power. */
  readonly on: boolean;
  event(event: PortEvent): void;
  frame(connection: number, bytes: Uint8Array): void;
}

/** What becomes of a frame that leaves. */
export type FaultsOfFrame = (port: AttachedPort, connection: number, frame: Uint8Array) => FaultOptions;

interface Unsent {
  readonly parts: readonly Uint8Array[];
  readonly done: Completion<number>;
}

/** One end of a connection. */
class End {
  readonly unsent: Unsent[] = [];
  leaving = false;
  open = true;
  other: End | undefined;
  /** When what was sent last arrives: in order, but for late frames. */
  lastArrivalUs = 0;

  constructor(
    readonly port: AttachedPort,
    readonly connection: number,
  ) {}
}

/**
 * The online link (224): connections with frames in order, as long as no fault says otherwise. Bytes are taken from
 * the sender's memory only when its frame leaves, so that a firmware that reuses a buffer too early is found out.
 */
export class SimLink {
  /** Ports whose frames do not leave: the line is stuck. */
  readonly stalled = new Set<string>();
  /** Ports whose frames leave and vanish: a one-way line. */
  readonly deafened = new Set<string>();
  /** Looks at each frame that leaves, whether or not it arrives. */
  observer: ((from: string, frame: Uint8Array) => void) | undefined;
  /** By port: called when a frame has left, and may cut the power of its board. */
  readonly onLeave = new Map<string, () => void>();
  #up = true;
  readonly #ports = new Map<string, AttachedPort>();
  #ends: End[] = [];
  /** Arrivals that are still to come. */
  readonly #crossing = new Set<SimEvent>();
  #nextConnection = 1;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    protected faults: FaultsOfFrame,
    readonly maxPayloadBytes: number,
  ) {}

  get up(): boolean {
    return this.#up;
  }

  /** Where a card is found by others. */
  attach(port: AttachedPort): void {
    this.#ports.set(port.address, port);
  }

  /** What is on its way is lost. Both cards are told, or (`silent`) have to find out themselves. */
  cut(silent: boolean): void {
    this.#up = false;
    if (!silent) this.#closeAll('the line was cut');
  }

  /** The line is there again, if something was amiss with it. Connections from before stay lost. */
  restore(): void {
    if (this.#up && this.stalled.size === 0 && this.deafened.size === 0) return;
    this.#up = true;
    this.stalled.clear();
    this.deafened.clear();
    this.#closeAll('the line had been cut');
  }

  /** What stood still goes on. */
  unstall(): void {
    this.stalled.clear();
    for (const end of this.#ends) this.#leaveNext(end);
  }

  /** Whether frames are on their way. */
  get carriesFrames(): boolean {
    return this.#crossing.size > 0;
  }

  /** What is on its way is lost, and nobody is told. */
  lose(): void {
    for (const event of this.#crossing) event.run = undefined;
    this.#crossing.clear();
  }

  /** What is on its way arrives later than anything that is sent soon. */
  delay(): void {
    for (const event of this.#crossing) {
      const { run } = event;
      if (run === undefined) continue;
      event.run = undefined;
      this.scheduler.at(event.atUs + LATE_US, event, run);
    }
    this.#crossing.clear();
  }

  dial(from: AttachedPort, address: string, done: Completion<number>): void {
    this.scheduler.after(DIAL_US, { where: from.address, what: 'dial' }, () => {
      const target = this.#ports.get(address);
      if (!from.on) return;
      if (!this.#up || target?.on !== true) done.fail({ part: 'port', kind: 'closed', text: `nobody answers at ${address}` });
      else done.succeed(this.#connect(from, target));
    });
  }

  send(port: AttachedPort, connection: number, parts: readonly Uint8Array[], done: Completion<number>): void {
    const end = this.#endOf(port, connection);
    if (end?.open !== true) {
      done.fail({ part: 'port', kind: 'closed', text: 'the connection is closed' });
      return;
    }
    end.unsent.push({ parts, done });
    this.#leaveNext(end);
  }

  close(port: AttachedPort, connection: number): void {
    const end = this.#endOf(port, connection);
    if (end?.open === true) this.#close(end, 'closed here', true);
  }

  /** The board of this port lost power: what it had not sent is gone; the other side is told, or not. */
  powerLost(port: AttachedPort, silent: boolean): void {
    for (const end of this.#ends) {
      if (end.port !== port || !end.open) continue;
      end.open = false;
      end.unsent.length = 0;
      if (!silent) this.#tellOther(end, 'the peer lost power');
    }
    this.#forgetEnded();
  }

  #connect(from: AttachedPort, target: AttachedPort): number {
    const near = new End(from, this.#nextConnection);
    const far = new End(target, this.#nextConnection + 1);
    this.#nextConnection += 2;
    near.other = far;
    far.other = near;
    this.#forgetEnded();
    this.#ends.push(near, far);
    target.event({ kind: 'opened', connection: far.connection, remote: from.address });
    from.event({ kind: 'opened', connection: near.connection, remote: target.address });
    return near.connection;
  }

  #leaveNext(end: End): void {
    if (end.leaving || end.unsent.length === 0 || this.stalled.has(end.port.address)) return;
    end.leaving = true;
    const lengthBytes = end.unsent[0]?.parts.at(-1)?.length ?? 0;
    this.scheduler.after(this.random.between(LEAVE_LEAST_US, LEAVE_MOST_US), { where: end.port.address, what: 'frame leaves', lengthBytes }, () => {
      end.leaving = false;
      const next = end.unsent.shift();
      if (next === undefined) return;
      const bytes = copyOf(...next.parts);
      next.done.succeed(bytes.length);
      this.#cross(end, bytes);
      this.observer?.(end.port.address, bytes);
      this.onLeave.get(end.port.address)?.();
      this.#leaveNext(end);
    });
  }

  #cross(end: End, bytes: Uint8Array): void {
    const { frameLost, frameTwice, frameLate } = this.faults(end.port, end.connection, bytes);
    if (!this.#up || this.deafened.has(end.port.address) || this.random.chance(frameLost)) return;
    const crossUs = this.random.between(CROSS_LEAST_US, CROSS_MOST_US);
    if (this.random.chance(frameLate)) {
      this.#arrive(end, bytes, this.scheduler.nowUs + crossUs + LATE_US);
      return;
    }
    end.lastArrivalUs = Math.max(end.lastArrivalUs, this.scheduler.nowUs + crossUs);
    this.#arrive(end, bytes, end.lastArrivalUs);
    if (this.random.chance(frameTwice)) this.#arrive(end, bytes, this.scheduler.nowUs + crossUs + this.random.below(LATE_US));
  }

  #arrive(from: End, bytes: Uint8Array, atUs: number): void {
    const to = from.other;
    if (to === undefined) return;
    const event = this.scheduler.at(atUs, { where: to.port.address, what: 'arrival of a frame', lengthBytes: bytes.length }, () => {
      this.#crossing.delete(event);
      if (to.open && this.#up) to.port.frame(to.connection, bytes);
    });
    this.#crossing.add(event);
  }

  #tellOther(end: End, reason: string): void {
    const { other } = end;
    if (other === undefined || !this.#up) return;
    const atUs = Math.max(end.lastArrivalUs, this.scheduler.nowUs + CROSS_LEAST_US);
    this.scheduler.at(atUs, { where: other.port.address, what: 'hang-up' }, () => {
      if (other.open) this.#close(other, reason, false);
    });
  }

  /** @param tell whether the other end learns of it, behind what is on its way. */
  #close(end: End, reason: string, tell: boolean): void {
    end.open = false;
    for (const { done } of end.unsent.splice(0)) done.fail({ part: 'port', kind: 'closed', text: reason });
    end.port.event({ kind: 'closed', connection: end.connection, reason });
    if (tell) this.#tellOther(end, 'the peer closed the connection');
  }

  #closeAll(reason: string): void {
    for (const end of this.#ends) if (end.open) this.#close(end, reason, false);
    this.#forgetEnded();
  }

  #endOf(port: AttachedPort, connection: number): End | undefined {
    return this.#ends.find((end) => end.port === port && end.connection === connection);
  }

  #forgetEnded(): void {
    this.#ends = this.#ends.filter((end) => end.open || end.other?.open === true);
  }
}
