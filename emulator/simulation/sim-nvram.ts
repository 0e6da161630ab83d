import { type Completion, NVRAM_LINE_BYTES, type Nvram, type NvramImage } from '../../firmware/hal.js';
import type { SimPower } from './power.js';

const LEAST_US = 1;
const MOST_US = 6;

/** NVRAM: a power cut leaves each line of a persist under way old, new, or damaged. */
export class SimNvram implements Nvram {
  readonly durable: Uint8Array;
  readonly damagedLines = new Set<number>();
  doubtful = false;
  /** How many times as long as usual an operation takes: as behind a bus that others keep busy. */
  slowness = 1;
  /** Damage that a boot was told of stays until `recovered`, even where the firmware has written since. */
  #reported = new Set<number>();
  /** When the persist asked for last takes effect: they keep their order. */
  #lastUs = 0;

  constructor(
    private readonly power: SimPower,
    readonly sizeBytes: number,
  ) {
    this.durable = new Uint8Array(sizeBytes);
  }

  powerUp(): NvramImage {
    this.#reported = new Set(this.damagedLines);
    return { bytes: this.durable.slice(), damagedLines: [...this.damagedLines].sort((a, b) => a - b), doubtful: this.doubtful };
  }

  persist(offsetBytes: number, lines: Uint8Array, done: Completion<void>): void {
    if (offsetBytes % NVRAM_LINE_BYTES !== 0 || lines.length % NVRAM_LINE_BYTES !== 0) throw new Error('a persist of half a line');
    const captured = lines.slice();
    const { random, faults } = this.power;
    this.#submit('persist', offsetBytes, lines.length, done, () => {
      for (let at = 0; at < captured.length; at += NVRAM_LINE_BYTES) this.#store(offsetBytes + at, captured.subarray(at, at + NVRAM_LINE_BYTES));
    }, () => {
      for (let at = 0; at < captured.length; at += NVRAM_LINE_BYTES) {
        if (random.chance(0.5)) this.#store(offsetBytes + at, captured.subarray(at, at + NVRAM_LINE_BYTES));
        if (random.chance(faults().lineDamaged)) this.damagedLines.add((offsetBytes + at) / NVRAM_LINE_BYTES);
      }
    });
  }

  recovered(done: Completion<void>): void {
    this.#submit('recovered', 0, 0, done, () => {
      this.damagedLines.clear();
      this.#reported.clear();
      this.doubtful = false;
    });
  }

  flush(done: Completion<void>): void {
    this.#submit('flush', 0, 0, done, () => undefined);
  }

  #store(offsetBytes: number, line: Uint8Array): void {
    this.durable.set(line, offsetBytes);
    const number = offsetBytes / NVRAM_LINE_BYTES;
    if (this.damagedLines.size > 0 && !this.#reported.has(number)) this.damagedLines.delete(number);
  }

  #submit(kind: 'persist' | 'recovered' | 'flush', offsetBytes: number, lengthBytes: number, done: Completion<void>, run: () => void, atCut?: () => void): void {
    this.#lastUs = Math.max(this.#lastUs, this.power.dueUs(LEAST_US * this.slowness, MOST_US * this.slowness));
    this.power.submit({ part: 'nvram', kind, offsetBytes, lengthBytes }, this.#lastUs, done, run, atCut);
  }
}
