import type { Nvram } from '../hal.js';
import { NVRAM_LINE_BYTES } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import type { Region } from './nvram-layout.js';

/** How far an export or load has come: everything before it is durable. */
export interface Position {
  /** Where the next chunk stands in the medium. */
  readonly mediumOffsetBytes: number;
  /** Where the next chunk stands in the volume. */
  readonly volumeOffsetBytes: number;
  readonly chunks: number;
  /** The digest chained over the chunks so far: 32 bytes. */
  readonly chain: Uint8Array;
}

export const CHAIN_BYTES = 32;

/**
 * Keeps a {@link Position} in two alternating NVRAM lines. Whichever of them is damaged, the work can go
 * on from the other: so copy-on-write may spare only what lies before the *older* one.
 *
 * A line: sequence (0 is empty), medium offset, volume offset, chunks (u64 each), chain (32 bytes).
 */
export class PositionStore {
  #sequence = 0;
  #current: Position | undefined;
  #previous: Position | undefined;

  /** @param image the NVRAM image at boot, damaged lines emptied. */
  constructor(
    private readonly loop: EventLoop,
    private readonly nvram: Nvram,
    private readonly regions: readonly [Region, Region],
    image: Uint8Array,
  ) {
    for (const region of regions) {
      const found = decode(image.subarray(region.offsetBytes, region.offsetBytes + region.lengthBytes));
      if (found !== undefined && found.sequence > this.#sequence) {
        this.#sequence = found.sequence;
        this.#previous = this.#current;
        this.#current = found.position;
      } else if (found !== undefined) {
        this.#previous = found.position;
      }
    }
  }

  /** The newest durable position, or undefined when nothing is under way. */
  get current(): Position | undefined {
    return this.#current;
  }

  /** Where the volume may be overwritten without regard to the work: even the older line lies beyond. */
  get sparedBytes(): number {
    return this.#previous?.volumeOffsetBytes ?? 0;
  }

  *advance(position: Position): Task {
    const sequence = this.#sequence + 1;
    yield* this.#write(sequence % 2 === 0 ? 0 : 1, encode(sequence, position));
    this.#sequence = sequence;
    this.#previous = this.#current;
    this.#current = position;
  }

  /** Forgets the position, in both lines. */
  *clear(): Task {
    this.#current = undefined;
    this.#previous = undefined;
    const empty = new Uint8Array(NVRAM_LINE_BYTES);
    yield* this.#write(0, empty);
    yield* this.#write(1, empty);
    this.#sequence = 0;
  }

  *#write(which: 0 | 1, line: Uint8Array): Task {
    yield* this.loop.run<void>((done) => { this.nvram.persist(this.regions[which].offsetBytes, line, done); });
  }
}

function encode(sequence: number, position: Position): Uint8Array {
  const line = new Uint8Array(NVRAM_LINE_BYTES);
  const view = new DataView(line.buffer);
  view.setBigUint64(0, BigInt(sequence), true);
  view.setBigUint64(8, BigInt(position.mediumOffsetBytes), true);
  view.setBigUint64(16, BigInt(position.volumeOffsetBytes), true);
  view.setBigUint64(24, BigInt(position.chunks), true);
  line.set(position.chain, 32);
  return line;
}

function decode(line: Uint8Array): { sequence: number; position: Position } | undefined {
  const view = new DataView(line.buffer, line.byteOffset, line.byteLength);
  const sequence = Number(view.getBigUint64(0, true));
  if (sequence === 0) return undefined;
  return {
    sequence,
    position: {
      mediumOffsetBytes: Number(view.getBigUint64(8, true)),
      volumeOffsetBytes: Number(view.getBigUint64(16, true)),
      chunks: Number(view.getBigUint64(24, true)),
      chain: line.slice(32, 32 + CHAIN_BYTES),
    },
  };
}
