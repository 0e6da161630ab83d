import { type Completion, type DmaMemory, NVRAM_LINE_BYTES, type Nvram, type NvramImage } from '../../firmware/hal.js';
import type { Atom } from './card-image.js';
import type { NvramContent } from './nvram-content.js';
import type { SimPower } from './power.js';
import { copyOf } from './slab.js';

const LEAST_US = 1;
const MOST_US = 6;

/** NVRAM: a power cut leaves each line of a persist under way old, new, or damaged. */
export class SimNvram implements Nvram {
  readonly sizeBytes: number;
  /** How many times as long as usual an operation takes: as behind a bus that others keep busy. */
  slowness = 1;
  /** When the persist asked for last takes effect: they keep their order. */
  #lastUs = 0;

  constructor(
    private readonly power: SimPower,
    readonly content: NvramContent,
    private readonly memory: DmaMemory,
  ) {
    this.sizeBytes = content.bytes.length;
  }

  powerUp(): NvramImage {
    const { content } = this;
    content.reported = new Set(content.damagedLines);
    const bytes = this.memory.take(content.bytes.length);
    bytes.set(content.bytes);
    return { bytes, damagedLines: [...content.damagedLines].sort((a, b) => a - b), doubtful: content.doubtful };
  }

  persist(offsetBytes: number, lines: Uint8Array, done: Completion<void>): void {
    if (offsetBytes % NVRAM_LINE_BYTES !== 0 || lines.length % NVRAM_LINE_BYTES !== 0) throw new Error('a persist of half a line');
    const captured = copyOf(lines);
    const atoms = (): Atom[] =>
      Array.from({ length: captured.length / NVRAM_LINE_BYTES }, (_, i) => ({
        at: offsetBytes / NVRAM_LINE_BYTES + i,
        bytes: captured.subarray(i * NVRAM_LINE_BYTES, (i + 1) * NVRAM_LINE_BYTES),
      }));
    this.#submit('persist', offsetBytes, lines.length, done, () => { this.content.store(offsetBytes / NVRAM_LINE_BYTES, captured); }, atoms);
  }

  recovered(done: Completion<void>): void {
    this.#submit('recovered', 0, 0, done, () => {
      this.content.damagedLines.clear();
      this.content.reported = new Set();
      this.content.doubtful = false;
    });
  }

  flush(done: Completion<void>): void {
    this.#submit('flush', 0, 0, done, () => { this.content.flush(); });
  }

  /**
   * The power went, and with it whatever was waited for.
   * @param keepsLine where the machine is lost with it: whether a line that was not flushed is what it became.
   */
  cut(keepsLine: ((line: number) => boolean) | undefined): void {
    this.#lastUs = 0;
    if (keepsLine !== undefined) this.content.loseMachine(keepsLine);
    // As with a disk: what a cut has left is what there is from then on.
    this.content.flush();
  }

  #submit(kind: 'persist' | 'recovered' | 'flush', offsetBytes: number, lengthBytes: number, done: Completion<void>, run: () => void, atoms?: () => Atom[]): void {
    this.#lastUs = Math.max(this.#lastUs, this.power.dueUs(LEAST_US * this.slowness, MOST_US * this.slowness));
    this.power.submit({ part: 'nvram', kind, offsetBytes, lengthBytes }, this.#lastUs, done, run, atoms);
  }
}
