import type { Operation } from '../../../emulator/simulation/power.js';
import { DurableView } from '../../../emulator/simulation/durable-view.js';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { FrameHub } from '../../../emulator/parts/frame-hub.js';
import { connectInProcess, type FrameChannel } from '../../../emulator/parts/memory-port.js';
import { runCard, type RunningCard } from '../../../emulator/run-card.js';
import { ReusedMemory } from '../../../emulator/simulation/reused-memory.js';
import type { PartFault } from '../../../firmware/hal.js';
import { BLOCK_BYTES, MAX_HOST_CONNECTIONS, SPARE_HOST_CONNECTIONS } from '../../../firmware/limits.js';
import { HostDriver, inProcessTransport } from '../../../host-driver/index.js';
import { formattedBoard, type TestBoard } from '../../firmware/support/board.js';
import { BenchClock } from '../../firmware/support/tasks.js';

/** No whole part of a grain, so that ranges are split anywhere in one. */
const MAX_PAYLOAD_BYTES = 5 * BLOCK_BYTES;
/** Of reads and writes on a bad disk. */
const FAULT_SHARE = 0.02;
const memory = new ReusedMemory();

/**
 * The real firmware with simulated parts, in this process. They carry out one operation a turn, in any order, and the
 * disk fails some where it may: all of that by `board.random`, so by the seed.
 */
export class InProcessCard {
  readonly board: TestBoard;
  readonly #hub = new FrameHub(MAX_HOST_CONNECTIONS + SPARE_HOST_CONNECTIONS);
  readonly #running: RunningCard;
  readonly #durable: DurableView;
  /** The firmware broke one of its own rules. */
  fault: Error | undefined;
  /** Operations that the disk failed. */
  diskErrors = 0;
  #turnDue = false;
  #serves = false;

  constructor(
    seed: number,
    private readonly badDisk: boolean,
  ) {
    this.board = formattedBoard(SMALL_GEOMETRY, seed);
    this.board.power.on = true;
    this.board.power.intercept = (operation) => this.#take(operation);
    this.#durable = new DurableView(this.board);
    memory.rewind();
    // Time stands still for the firmware: no host is too slow for it.
    this.#running = runCard({ ...this.board.hal, clock: new BenchClock(), hosts: this.#hub, memory }, (error) => { this.fault = error; });
  }

  /** Resolves when hosts are served; the disk may fail from then on. */
  async booted(): Promise<void> {
    await this.#running.booted;
    this.#serves = true;
  }

  /** A new connection, and the channel under it. */
  async connect(queueDepth: number): Promise<{ readonly driver: HostDriver; readonly channel: FrameChannel }> {
    const channel = connectInProcess(this.#hub, 'the model');
    if (channel === undefined) throw new Error('the card has no room for another host');
    const transport = { ...inProcessTransport(channel), maxPayloadBytes: MAX_PAYLOAD_BYTES };
    return { driver: await HostDriver.connect(transport, { queueDepth }), channel };
  }

  /** What a cut of the power would leave of a block. */
  durableBlock(lba: number): Uint8Array {
    return this.#durable.durableContent.block(lba).bytes;
  }

  stop(): void {
    this.#running.stop();
  }

  #take({ part, kind }: Operation): PartFault | undefined {
    this.#turn();
    if (!this.#serves || !this.badDisk || part !== 'volume' || (kind !== 'read' && kind !== 'write') || !this.board.random.chance(FAULT_SHARE)) return undefined;
    this.diskErrors += 1;
    return { part: 'disk', kind: 'io', text: 'a bad sector' };
  }

  #turn(): void {
    if (this.#turnDue) return;
    this.#turnDue = true;
    setImmediate(() => {
      this.#turnDue = false;
      if (this.board.scheduler.deliver()) this.#turn();
    });
  }
}
