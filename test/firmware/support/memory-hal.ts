import { Blake3Digest } from '../../../emulator/parts/blake3-digest.js';
import { heapMemory } from '../../../emulator/parts/heap-memory.js';
import type { CardCore } from '../../../firmware/core.js';
import type { Clock, Completion, DmaMemory, FramePort, Hal, PeerPort, TimerHandle } from '../../../firmware/hal.js';
import { EventLoop } from '../../../firmware/kernel/event-loop.js';
import type { Task } from '../../../firmware/kernel/pending.js';
import { RangeLocks } from '../../../firmware/kernel/range-lock.js';
import { Gate } from '../../../firmware/kernel/sync.js';
import { RESERVED_BYTES } from '../../../firmware/limits.js';
import { formatCard } from '../../../firmware/metadata/format.js';
import type { Geometry } from '../../../firmware/metadata/nvram-layout.js';
import { recover } from '../../../firmware/metadata/recovery.js';
import { Volume } from '../../../firmware/volume/volume.js';
import { MemoryDisk, MemoryMediumDrive, MemoryNvram } from './memory-parts.js';
import { MemoryPower, seededRandom } from './memory-power.js';

const KIB = 1024;

/** A megabyte in grains of 4 KiB: 256 grains, of which the FlashCopy store holds 64. */
export const SMALL_GEOMETRY: Geometry = { sizeBytes: 1024 * KIB, grainBytes: 4 * KIB, nvramBytes: 64 * KIB, storeBytes: 256 * KIB };

/** A clock that a test moves. */
export class MemoryClock implements Clock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly done: Completion<void> }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, done: Completion<void>): TimerHandle {
    const timer = { atMs: this.#nowMs + delayMs, done };
    this.#timers.push(timer);
    return { cancel: () => { this.#timers = this.#timers.filter((other) => other !== timer); } };
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    const due = this.#timers.filter((timer) => timer.atMs <= this.#nowMs).sort((a, b) => a.atMs - b.atMs);
    this.#timers = this.#timers.filter((timer) => timer.atMs > this.#nowMs);
    for (const timer of due) timer.done.succeed();
  }
}

/** A port to which nobody ever connects. */
const SILENT_PORT: PeerPort = {
  listening: false,
  receive: () => undefined,
  send: (_connection, _head, _payload, done) => { done.fail({ kind: 'closed', text: 'nobody is there' }); },
  close: () => undefined,
  maxPayloadBytes: () => 0,
  dial: (_address, done) => { done.fail({ kind: 'closed', text: 'nobody is there' }); },
};

/** A board whose parts are memory. Its content outlives a power cut as the parts' contract says. */
export class MemoryBoard {
  readonly power = new MemoryPower();
  readonly clock = new MemoryClock();
  readonly nvram: MemoryNvram;
  readonly volume: MemoryDisk;
  readonly store: MemoryDisk;
  readonly reserved: MemoryDisk;
  readonly medium: MemoryMediumDrive;
  readonly trace: string[] = [];
  readonly hal: Hal;
  readonly random: () => number;

  constructor(
    readonly geometry: Geometry = SMALL_GEOMETRY,
    seed = 1,
    /** Memory that is not new holds something else; whoever gives it fills the disks and NVRAM. */
    { hosts = SILENT_PORT, peer = SILENT_PORT, memory = heapMemory }: { readonly hosts?: FramePort; readonly peer?: PeerPort; readonly memory?: DmaMemory } = {},
  ) {
    this.random = seededRandom(seed);
    this.nvram = new MemoryNvram(this.power, geometry.nvramBytes, memory.take(geometry.nvramBytes));
    this.volume = new MemoryDisk(this.power, 'volume', geometry.sizeBytes, memory.take(geometry.sizeBytes));
    this.store = new MemoryDisk(this.power, 'store', geometry.storeBytes, memory.take(geometry.storeBytes));
    this.reserved = new MemoryDisk(this.power, 'reserved', RESERVED_BYTES, memory.take(RESERVED_BYTES));
    this.medium = new MemoryMediumDrive(this.power);
    this.hal = {
      clock: this.clock,
      nvram: this.nvram,
      volume: this.volume,
      store: this.store,
      reserved: this.reserved,
      medium: this.medium,
      hosts,
      peer,
      entropy: { fill: (into) => { for (let i = 0; i < into.length; i += 1) into[i] = Math.floor(this.random() * 256); } },
      memory,
      digest: new Blake3Digest(),
      trace: { event: (name, detail) => { this.trace.push(`${name} ${detail}`); } },
    };
  }

  /** Power was cut and is back. Unflushed data is gone, or there, as `keep` says for each block. */
  powerCycle(keep: () => boolean = () => this.random() < 0.5): void {
    this.power.cycle();
    for (const disk of [this.volume, this.store, this.reserved]) disk.powerCycle(keep);
    this.medium.powerCycle(keep);
  }
}

/** Steps the loop until nothing is left to do. */
export function settle(loop: EventLoop): void {
  while (loop.step(1024));
}

/** Starts a task whose result (or error) can be asked for later. */
export function launch<T>(loop: EventLoop, task: Task<T>): { readonly ended: boolean; result(): T } {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  loop.spawn('test', (function* (): Task {
    try {
      outcome = { value: yield* task };
    } catch (error) {
      outcome = { error };
    }
  })());
  return {
    get ended() { return outcome !== undefined; },
    result() {
      if (outcome === undefined) throw new Error('the task has not ended');
      if ('error' in outcome) throw outcome.error;
      return outcome.value;
    },
  };
}

/** Runs a task to its end. */
export function run<T>(loop: EventLoop, task: Task<T>): T {
  const running = launch(loop, task);
  settle(loop);
  return running.result();
}

/** A board with a freshly formatted standalone card. */
export function formattedBoard(geometry: Geometry = SMALL_GEOMETRY, seed = 1): MemoryBoard {
  const board = new MemoryBoard(geometry, seed);
  const loop = new EventLoop(board.clock, () => undefined);
  run(loop, formatCard(loop, board.hal, geometry));
  return board;
}

/** Boots what every component of a card stands on. */
export function bootCore(board: MemoryBoard): CardCore {
  const loop = new EventLoop(board.clock, () => undefined);
  const state = run(loop, recover(loop, board.hal));
  const locks = new RangeLocks(loop);
  const volume = new Volume(loop, board.hal.volume, board.hal.nvram, state.written, locks, state.geometry.grainBytes);
  return { loop, hal: board.hal, state, volume, locks, hostWrites: new Gate(loop) };
}
