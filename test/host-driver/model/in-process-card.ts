import { FrameHub } from '../../../emulator/parts/frame-hub.js';
import { connectInProcess, type FrameChannel } from '../../../emulator/parts/memory-port.js';
import { runCard, type RunningCard } from '../../../emulator/run-card.js';
import { ReusedMemory } from '../../../emulator/simulation/reused-memory.js';
import { BLOCK_BYTES, MAX_HOST_CONNECTIONS, SPARE_HOST_CONNECTIONS } from '../../../firmware/limits.js';
import { HostDriver, inProcessTransport } from '../../../host-driver/index.js';
import { DurableView } from '../../firmware/support/durable-view.js';
import { formattedBoard, type MemoryBoard, SMALL_GEOMETRY } from '../../firmware/support/memory-hal.js';
import type { PartOperation } from '../../firmware/support/memory-power.js';

/** No whole part of a grain, so that ranges are split anywhere in one. */
const MAX_PAYLOAD_BYTES = 5 * BLOCK_BYTES;
/** Of reads and writes on a bad disk. */
const FAULT_SHARE = 0.02;
const memory = new ReusedMemory();

/**
 * The real firmware with parts that are memory, in this process. Its disk carries out one operation a turn, in
 * any order, and fails some where it may: all of that by `board.random`, so by the seed.
 */
export class InProcessCard {
  readonly board: MemoryBoard;
  readonly #hub = new FrameHub(MAX_HOST_CONNECTIONS + SPARE_HOST_CONNECTIONS);
  readonly #running: RunningCard;
  readonly #durable: DurableView;
  /** The firmware broke one of its own rules. */
  fault: Error | undefined;
  /** Operations that the disk failed. */
  diskErrors = 0;
  #turnDue = false;

  constructor(
    seed: number,
    private readonly badDisk: boolean,
  ) {
    this.board = formattedBoard(SMALL_GEOMETRY, seed);
    this.#durable = new DurableView(this.board);
    memory.rewind();
    this.#running = runCard({ ...this.board.hal, hosts: this.#hub, memory }, (error) => { this.fault = error; });
  }

  /** Resolves when hosts are served; the disk is slow from then on. */
  async booted(): Promise<void> {
    await this.#running.booted;
    this.board.power.intercept = (operation) => this.#take(operation);
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
    const { grainBytes } = this.board.geometry;
    const grain = Math.floor((lba * BLOCK_BYTES) / grainBytes);
    if (!this.#durable.isWritten(grain)) return new Uint8Array(BLOCK_BYTES);
    const at = (lba * BLOCK_BYTES) % grainBytes;
    return this.#durable.grain(grain).slice(at, at + BLOCK_BYTES);
  }

  stop(): void {
    this.#running.stop();
  }

  #take({ part, kind }: PartOperation): ReturnType<NonNullable<MemoryBoard['power']['intercept']>> {
    if (this.badDisk && part === 'volume' && (kind === 'read' || kind === 'write') && this.board.random() < FAULT_SHARE) {
      this.diskErrors += 1;
      return { kind: 'io', text: 'a bad sector' };
    }
    this.#turn();
    return 'hold';
  }

  #turn(): void {
    if (this.#turnDue) return;
    this.#turnDue = true;
    setImmediate(() => {
      this.#turnDue = false;
      if (this.board.power.releaseOne(this.board.random()) && this.board.power.held.length > 0) this.#turn();
    });
  }
}
