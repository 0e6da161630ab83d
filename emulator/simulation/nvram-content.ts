import { NVRAM_LINE_BYTES } from '../../firmware/hal.js';
import { Fingerprint, hashOfWords } from './fingerprint.js';
import { copyOf } from './slab.js';

const WORDS_A_LINE = NVRAM_LINE_BYTES / 4;
/** In a fingerprint: no line's own hash, and no line. */
const DAMAGED = -1;
const DOUBTFUL_PLACE = -2;

/** What NVRAM holds while nothing is under way. */
export class NvramContent {
  readonly bytes: Uint8Array;
  readonly damagedLines = new Set<number>();
  /** Damage that a boot was told of stays until `recovered`, even where the firmware has written since. */
  reported: ReadonlySet<number> = new Set();
  doubtful = false;
  /** What lines held when they were flushed last, where somebody asked for it; nothing that can be read where they were damaged. */
  #unflushed: Map<number, Uint8Array | undefined> | undefined;
  /** Grows with each change of the bytes. */
  changes = 0;
  readonly #words: Uint32Array;
  readonly #fingerprint = new Fingerprint();

  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(sizeBytes);
    this.#words = new Uint32Array(this.bytes.buffer);
  }

  /** @param bytes of whole lines. */
  store(firstLine: number, bytes: Uint8Array): void {
    const endLine = firstLine + bytes.length / NVRAM_LINE_BYTES;
    this.#remember(firstLine, endLine);
    for (let line = firstLine; line < endLine; line += 1) this.#toggle(line);
    this.bytes.set(bytes, firstLine * NVRAM_LINE_BYTES);
    this.changes += 1;
    for (let line = firstLine; line < endLine; line += 1) {
      this.#toggle(line);
      if (this.damagedLines.size > 0 && !this.reported.has(line)) this.damagedLines.delete(line);
    }
  }

  /** From now on keeps what the loss of the machine may bring back. */
  rememberUnflushed(): void {
    this.#unflushed ??= new Map();
  }

  flush(): void {
    this.#unflushed?.clear();
  }

  /** The machine went down, not the card alone: each line that was not flushed is old or new, and the next boot is told. */
  loseMachine(keeps: (line: number) => boolean): void {
    this.doubtful = true;
    const lines = [...(this.#unflushed ?? [])];
    for (const [line, before] of lines) {
      if (keeps(line)) continue;
      // What was repaired and not flushed is damaged as it was (seed 7462).
      if (before === undefined) this.damagedLines.add(line);
      else this.store(line, before);
    }
  }

  /** @param other of the same size. */
  copyFrom(other: NvramContent): void {
    this.bytes.set(other.bytes);
    this.flush();
    this.changes += 1;
    this.damagedLines.clear();
    for (const line of other.damagedLines) this.damagedLines.add(line);
    this.reported = other.reported;
    this.doubtful = other.doubtful;
    this.#fingerprint.copyFrom(other.#fingerprint);
  }

  /** @param part of the whole, 0 to 31. */
  addTo(fingerprint: Fingerprint, part: number): void {
    const own = new Fingerprint();
    own.copyFrom(this.#fingerprint);
    for (const line of this.damagedLines) own.toggle(line, DAMAGED);
    if (this.doubtful) own.toggle(DOUBTFUL_PLACE, DAMAGED);
    fingerprint.toggleAll(own, part);
  }

  #remember(firstLine: number, endLine: number): void {
    const unflushed = this.#unflushed;
    if (unflushed === undefined) return;
    for (let line = firstLine; line < endLine; line += 1) {
      if (!unflushed.has(line)) unflushed.set(line, this.damagedLines.has(line) ? undefined : copyOf(this.bytes.subarray(line * NVRAM_LINE_BYTES, (line + 1) * NVRAM_LINE_BYTES)));
    }
  }

  #toggle(line: number): void {
    this.#fingerprint.toggle(line, hashOfWords(this.#words, line * WORDS_A_LINE, WORDS_A_LINE));
  }
}
