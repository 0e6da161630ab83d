import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Card } from '../../firmware/card.js';
import { administer } from '../../firmware/commands/admin.js';
import type { CardComponents } from '../../firmware/components.js';
import type { FramePort, Hal } from '../../firmware/hal.js';
import { PartError, type Task } from '../../firmware/kernel/pending.js';
import { EventLoop, FirmwareFault } from '../../firmware/kernel/event-loop.js';
import { RESERVED_BYTES } from '../../firmware/limits.js';
import type { Control } from '../../firmware/metadata/control-store.js';
import { formatCard } from '../../firmware/metadata/format.js';
import type { Geometry } from '../../firmware/metadata/nvram-layout.js';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { AdminRequestSchema, type AdminResponse, type CardStatus } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { Blake3Digest } from '../parts/blake3-digest.js';
import { type AtomFate, CardImage, type Fates, type FatesOf, type Unsettled } from './card-image.js';
import type { FaultOptions } from './faults.js';
import { SimPower } from './power.js';
import { Random } from './random.js';
import type { ReusedMemory } from './reused-memory.js';
import type { Scheduler } from './scheduler.js';
import { SimClock } from './sim-clock.js';
import { SimDisk } from './sim-disk.js';
import type { SimLink } from './sim-link.js';
import { type Shelf, SimMediumDrive } from './sim-medium.js';
import { SimNvram } from './sim-nvram.js';
import { SimPeerPort } from './sim-peer-port.js';

export type AdminBody = NonNullable<MessageInitShape<typeof AdminRequestSchema>['request']>;

/** Something that runs on a card. A cut ends it without an outcome. */
export interface Running<T> {
  readonly outcome: { readonly value: T } | { readonly error: unknown } | undefined;
}

/** What all cards of a simulation stand in. */
export interface SimWorld {
  readonly scheduler: Scheduler;
  readonly link: SimLink;
  readonly shelf: Shelf;
  readonly faults: () => FaultOptions;
  /** Of a card of this name, where it is not a plain {@link SimPower}. */
  readonly powerOf?: (name: string, random: Random) => SimPower;
}

const NO_HOSTS: FramePort = {
  receive: () => undefined,
  send: (_connection, _head, _payload, done) => { done.fail({ part: 'port', kind: 'closed', text: 'nobody is there' }); },
  close: () => undefined,
  maxPayloadBytes: () => 0,
};
const STEP_COMPLETIONS = 256;
const digest = new Blake3Digest();

/** One card with its board. The board outlives the card: each boot makes a new one, of what is durable. */
export class SimCard {
  readonly power: SimPower;
  readonly nvram: SimNvram;
  readonly volume: SimDisk;
  readonly store: SimDisk;
  readonly reserved: SimDisk;
  readonly clock: SimClock;
  readonly random: Random;
  /** Told of what the firmware traces. */
  onTrace: ((name: string, detail: string) => void) | undefined;
  /** What its firmware runs on. */
  readonly hal: Hal;
  /** How often the firmware was stepped. */
  steps = 0;
  readonly #port: SimPeerPort;
  readonly #drive: SimMediumDrive;
  #card: Card | undefined;
  #ready = false;

  constructor(
    readonly name: string,
    private readonly world: SimWorld,
    readonly geometry: Geometry,
    private readonly memory: ReusedMemory,
    seed: number,
    stream: number,
    /** What the board holds durably. */
    readonly image = new CardImage(geometry),
  ) {
    this.random = new Random(seed, stream);
    this.power = world.powerOf?.(name, this.random) ?? new SimPower(name, world.scheduler, this.random, world.faults);
    this.power.on = false;
    this.nvram = new SimNvram(this.power, image.nvram, memory);
    this.volume = new SimDisk(this.power, 'volume', geometry.sizeBytes, image.volume);
    this.store = new SimDisk(this.power, 'store', geometry.storeBytes, image.store);
    this.reserved = new SimDisk(this.power, 'reserved', RESERVED_BYTES, image.reserved);
    this.clock = new SimClock(this.power);
    this.#port = new SimPeerPort(world.link, name, () => this.on);
    this.#drive = new SimMediumDrive(this.power, world.shelf);
    this.hal = {
      clock: this.clock,
      nvram: this.nvram,
      volume: this.volume,
      store: this.store,
      reserved: this.reserved,
      medium: this.#drive,
      hosts: NO_HOSTS,
      peer: this.#port,
      memory,
      entropy: { fill: (into) => { this.random.fill(into); } },
      digest,
      trace: { event: (name, detail) => { this.onTrace?.(name, detail); } },
    };
  }

  get on(): boolean {
    return this.power.on && this.#card !== undefined;
  }

  /** The running card's components; undefined while it is off or recovers. */
  get components(): CardComponents | undefined {
    return this.power.on ? this.#card?.components : undefined;
  }

  get #disks(): readonly SimDisk[] {
    return [this.volume, this.store, this.reserved];
  }

  readonly #byChance: Fates = ({ part }): AtomFate => {
    const { lineDamaged, blockKept } = this.world.faults();
    if (part === 'nvram' && this.random.chance(lineDamaged)) return 'damaged';
    return this.random.chance(part === 'nvram' ? 0.5 : blockKept) ? 'new' : 'old';
  };

  /** Makes a standalone card of blank parts. */
  format(): void {
    this.power.on = true;
    const loop = new EventLoop(this.clock, () => undefined);
    const formatted = loop.fork('format', formatCard(loop, this.hal, this.geometry));
    while (!formatted.settled) {
      loop.step(STEP_COMPLETIONS);
      if (!formatted.done && !this.world.scheduler.deliver()) throw new Error('the card cannot be formatted');
    }
    formatted.take();
    this.power.on = false;
  }

  /** The power comes. */
  boot(): void {
    this.power.on = true;
    this.memory.rewind();
    const card = new Card(this.hal, () => { this.#ready = true; });
    this.#card = card;
    this.#ready = false;
    card.boot();
  }

  /**
   * Lets the firmware work off what has completed.
   * @returns false when a part failed under the boot, so that the card did not come up: it wants to be switched off and on.
   * @throws FirmwareFault
   */
  step(): boolean {
    try {
      while (this.#canStep()) {
        this.steps += 1;
        this.#ready = this.#card?.step(STEP_COMPLETIONS) ?? false;
      }
      return true;
    } catch (error) {
      if (this.components !== undefined || !(error instanceof FirmwareFault) || !(error.cause instanceof PartError)) throw error;
      return false;
    }
  }

  #canStep(): boolean {
    return this.#ready && this.on;
  }

  /** Writes of which a cut now leaves no one knows what: those not flushed, then those under way. */
  get unsettled(): Unsettled[] {
    return [...this.#disks.flatMap((disk) => disk.unsettled), ...this.power.unsettled];
  }

  /**
   * The power goes, and everything with it that is not durable. The card is gone until {@link boot}.
   * @param fatesOf what becomes of each unsettled write, by its place among them; chance decides if nobody does.
   * @param keepsLine see {@link SimNvram.cut}
   */
  cut(silent: boolean, fatesOf: FatesOf = () => this.#byChance, keepsLine?: (line: number) => boolean): void {
    const { unsettled } = this;
    this.power.cut();
    this.clock.cut();
    this.#card = undefined;
    this.#ready = false;
    this.#port.cut(silent);
    for (const disk of this.#disks) disk.cut();
    this.nvram.cut(keepsLine);
    for (const [index, write] of unsettled.entries()) this.image.settle(write, fatesOf(index));
    this.#drive.cut(() => this.random.chance(this.world.faults().blockKept));
  }

  admin(request: AdminBody): Running<AdminResponse> {
    const { components } = this;
    if (components === undefined) throw new Error(`${this.name} is off`);
    return this.launch(administer(components.admin, create(AdminRequestSchema, { request })));
  }

  /** Starts a task on the card. */
  launch<T>(task: Task<T>): Running<T> {
    if (this.#card === undefined) throw new Error(`${this.name} is off`);
    // What can be answered at once is answered here, and may be all that happens.
    this.steps += 1;
    const running: Settling<T> = { outcome: undefined };
    this.#card.loop.spawn('scenario', settling(running, task));
    return running;
  }

  /** What the running card is: of its status, what it costs nothing to ask for. */
  get control(): Control {
    const { components } = this;
    if (components === undefined) throw new Error(`${this.name} is off`);
    return components.core.state.control.current;
  }

  /** Asks now: the answer needs no wait. */
  status(): CardStatus {
    const { outcome } = this.admin({ case: 'getStatus', value: {} });
    if (outcome === undefined || !('value' in outcome)) throw new Error(`${this.name} has no status`);
    const { status, result } = outcome.value;
    if (status !== Status.SUCCESS || result.case !== 'cardStatus') throw new Error(`${this.name} has no status`);
    return result.value;
  }
}

/** A {@link Running} as whoever runs it sees it. */
interface Settling<T> {
  outcome: Running<T>['outcome'];
}

function* settling<T>(running: Settling<T>, task: Task<T>): Task {
  try {
    running.outcome = { value: yield* task };
  } catch (error) {
    running.outcome = { error };
  }
}
