import type { FrameChannel } from '../../../emulator/parts/memory-port.js';
import { CommandError, ConnectionLostError, type HostDriver } from '../../../host-driver/index.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { BlockMap, type Change, type Outlook } from './block-map.js';
import type { InProcessCard } from './in-process-card.js';

/** Turns of the event loop in which everything in flight must end: it takes one a disk operation. */
const MAX_TURNS = 20_000;

/** One connection. Once it is cut, anything in flight may be lost. */
export interface Connection {
  readonly driver: HostDriver;
  readonly channel: FrameChannel;
  cut: boolean;
}

/** A host that uses the driver, keeps the model beside it, and notes whatever should not be. */
export class Host {
  readonly model = new BlockMap();
  readonly faults: string[] = [];
  #inFlight = 0;

  constructor(
    readonly card: InProcessCard,
    public connection: Connection,
  ) {}

  get blockBytes(): number {
    return this.connection.driver.geometry.blockBytes;
  }

  /** Lets a call run, and judges how it ends. */
  start<T>(name: string, call: (driver: HostDriver) => Promise<T>, ended: (value: T) => void): void {
    const { connection } = this;
    this.#watch(name, connection, call(connection.driver).then(ended));
  }

  /** Lets a call run that has to be refused as `isRefusal` says. */
  startRefused(name: string, call: (driver: HostDriver) => Promise<unknown>, isRefusal: (error: unknown) => boolean): void {
    const { connection } = this;
    const judged = call(connection.driver).then(
      () => { this.faults.push(`${name} was not refused`); },
      (error: unknown) => { if (!isRefusal(error)) throw error; },
    );
    this.#watch(name, connection, judged);
  }

  /** Lets a change run; what `fua` promises is looked up on the disk. */
  startChange(name: string, change: Change, fua: boolean, call: (driver: HostDriver) => Promise<void>): void {
    this.start(name, call, () => {
      change.acknowledged = true;
      if (fua) this.expectDurable(name, [this.model.outlookAfter(change)]);
    });
  }

  expectDurable(name: string, outlooks: readonly Outlook[]): void {
    for (const { lba, oldest } of outlooks) {
      for (const [index, from] of oldest.entries()) {
        this.expectContent(`${name}, on the disk`, { lba: lba + index, oldest: [from] }, this.card.durableBlock(lba + index));
      }
    }
  }

  expectContent(name: string, outlook: Outlook, content: Uint8Array): void {
    const fault = this.model.faultOf(outlook, content);
    if (fault !== undefined) this.faults.push(`${name}: ${fault}`);
  }

  /** Waits until nothing is in flight, and throws what was noted. */
  async settle(): Promise<void> {
    for (let turn = 0; this.#inFlight > 0 && this.card.fault === undefined; turn += 1) {
      if (turn === MAX_TURNS) throw new Error(`${String(this.#inFlight)} calls do not end`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.check();
  }

  /** Throws what was noted so far. */
  check(): void {
    if (this.card.fault !== undefined) throw this.card.fault;
    for (const [what, count] of Object.entries(this.connection.driver.anomalies)) {
      if (count > 0) this.faults.push(`${what}: ${String(count)}`);
    }
    if (this.faults.length > 0) throw new Error(this.faults.join('\n'));
  }

  #watch(name: string, connection: Connection, call: Promise<void>): void {
    this.#inFlight += 1;
    void call
      .catch((error: unknown) => { if (!this.#mayFailWith(error, connection)) this.faults.push(`${name} failed: ${String(error)}`); })
      .finally(() => { this.#inFlight -= 1; });
  }

  #mayFailWith(error: unknown, connection: Connection): boolean {
    if (error instanceof ConnectionLostError) return connection.cut;
    return this.card.diskErrors > 0 && refusedWith(Status.DISK_ERROR)(error);
  }
}

/** Whether an error is the card's refusal with a certain code. */
export function refusedWith(status: Status): (error: unknown) => boolean {
  return (error) => error instanceof CommandError && error.status === status;
}
