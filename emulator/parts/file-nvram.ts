import { closeSync, constants, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { type Completion, NVRAM_LINE_BYTES, type Nvram, type NvramImage, type PartFault, type Trace } from '../../firmware/hal.js';
import { NVRAM_CHUNK_LINES } from '../limits.js';
import { readAllSync, writeAllSync } from './file-io.js';
import {
  HEADER_BYTES,
  STORED_LINE_BYTES,
  decodeHeader,
  decodeLine,
  encodeHeader,
  encodeLines,
  linePosition,
  markRepair,
  unmarkRepair,
} from './nvram-file-format.js';
import { partFault } from './part-fault.js';

/**
 * Battery-backed memory in a file. The page cache is its battery: a completed `pwrite` outlives SIGKILL,
 * which is the card's power cut. It does not outlive the machine, so after another boot without a clean
 * shutdown the content is doubtful.
 */
export class FileNvram implements Nvram {
  readonly #fd: number;
  readonly #chunk = Buffer.allocUnsafe(NVRAM_CHUNK_LINES * STORED_LINE_BYTES);
  readonly #lines: number;
  /** What the firmware has not dealt with yet: a further boot has to report it again. */
  #doubtful = false;
  readonly #damaged = new Set<number>();
  /** After a failed `fdatasync` the kernel forgets what was lost, and the next one succeeds: this NVRAM never flushes again, nor ends clean. */
  #lost: PartFault | undefined;

  /**
   * Opens the file, or makes one of damaged lines where there is none: a card whose NVRAM was taken out
   * still boots (rule 14).
   * @param bootId names this boot of the machine; empty when unknown.
   */
  constructor(
    path: string,
    readonly sizeBytes: number,
    private readonly bootId: string,
    private readonly trace: Trace,
  ) {
    this.#lines = sizeBytes / NVRAM_LINE_BYTES;
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  /** Zeroes every line, and marks the content clean: a new NVRAM. */
  erase(): void {
    const zeroes = new Uint8Array(NVRAM_CHUNK_LINES * NVRAM_LINE_BYTES);
    for (let line = 0; line < this.#lines; line += NVRAM_CHUNK_LINES) {
      this.#writeLines(line, zeroes.subarray(0, Math.min(NVRAM_CHUNK_LINES, this.#lines - line) * NVRAM_LINE_BYTES));
    }
    ftruncateSync(this.#fd, linePosition(this.#lines));
    this.#writeHeader(true);
    fdatasyncSync(this.#fd);
  }

  powerUp(): NvramImage {
    this.#doubtful = this.#isDoubtful();
    this.#checkLength();
    const bytes = new Uint8Array(this.sizeBytes);
    this.#readLines(bytes);
    if (this.#damaged.size > 0) {
      this.trace.event('nvram-damaged', `${String(this.#damaged.size)} of ${String(this.#lines)} lines fail their check`);
    }
    // Durable before anything can be persisted: a machine that stops after that must not find "clean".
    this.#writeHeader(false);
    fdatasyncSync(this.#fd);
    return { bytes, damagedLines: [...this.#damaged], doubtful: this.#doubtful };
  }

  persist(offsetBytes: number, lines: Uint8Array, done: Completion<void>): void {
    const misplaced = offsetBytes % NVRAM_LINE_BYTES !== 0 || lines.length % NVRAM_LINE_BYTES !== 0;
    if (misplaced || offsetBytes < 0 || offsetBytes + lines.length > this.sizeBytes) {
      throw new Error(`persist of ${String(lines.length)} bytes at ${String(offsetBytes)} is not lines of this NVRAM`);
    }
    try {
      // Synchronous: the page cache takes it in 3 µs, where a turn of the thread pool costs 70.
      this.#writeLines(offsetBytes / NVRAM_LINE_BYTES, lines);
    } catch (error) {
      done.fail(partFault('nvram', 'NVRAM write', error));
      return;
    }
    done.succeed();
  }

  recovered(done: Completion<void>): void {
    try {
      for (const line of this.#damaged) this.#heal(line);
      this.#damaged.clear();
      this.#doubtful = false;
      this.#writeHeader(false);
    } catch (error) {
      done.fail(partFault('nvram', 'NVRAM write', error));
      return;
    }
    done.succeed();
  }

  flush(done: Completion<void>): void {
    if (this.#lost !== undefined) {
      done.fail(this.#lost);
      return;
    }
    fdatasync(this.#fd, (error) => {
      if (error !== null) this.#lost = partFault('nvram', 'NVRAM flush', error);
      if (this.#lost === undefined) done.succeed();
      else done.fail(this.#lost);
    });
  }

  /** Ends its use. `clean`: everything is made durable, and the next power-up need not doubt it. */
  close(clean: boolean): void {
    try {
      if (clean && this.#lost === undefined) {
        fdatasyncSync(this.#fd);
        this.#writeHeader(true);
        fdatasyncSync(this.#fd);
      }
    } finally {
      closeSync(this.#fd);
    }
  }

  #isDoubtful(): boolean {
    const stored = this.#chunk.subarray(0, HEADER_BYTES);
    readStored(this.#fd, stored, 0);
    const header = decodeHeader(stored);
    if (header?.sizeBytes !== this.sizeBytes) {
      this.trace.event('nvram-header-damaged', 'the header of the NVRAM file cannot be trusted; its content is doubtful');
      return true;
    }
    if (header.doubtful) return true;
    if (header.clean || (this.bootId !== '' && header.bootId === this.bootId)) return false;
    this.trace.event('nvram-doubtful', 'the machine restarted, and the card had not been shut down');
    return true;
  }

  /** Lines that are missing become lines whose check fails. */
  #checkLength(): void {
    const expected = linePosition(this.#lines);
    const { size } = fstatSync(this.#fd);
    if (size === expected) return;
    this.trace.event('nvram-length', `the NVRAM file has ${String(size)} bytes instead of ${String(expected)}`);
    ftruncateSync(this.#fd, expected);
  }

  #readLines(into: Uint8Array): void {
    this.#damaged.clear();
    for (let first = 0; first < this.#lines; first += NVRAM_CHUNK_LINES) {
      const count = Math.min(NVRAM_CHUNK_LINES, this.#lines - first);
      const stored = this.#chunk.subarray(0, count * STORED_LINE_BYTES);
      readStored(this.#fd, stored, linePosition(first));
      for (let i = 0; i < count; i += 1) {
        const line = first + i;
        const data = into.subarray(line * NVRAM_LINE_BYTES, (line + 1) * NVRAM_LINE_BYTES);
        if (!decodeLine(stored, i * STORED_LINE_BYTES, line, data)) this.#damaged.add(line);
      }
    }
  }

  #writeLines(firstLine: number, lines: Uint8Array): void {
    const chunkBytes = NVRAM_CHUNK_LINES * NVRAM_LINE_BYTES;
    for (let from = 0; from < lines.length; from += chunkBytes) {
      const part = lines.subarray(from, from + chunkBytes);
      const line = firstLine + from / NVRAM_LINE_BYTES;
      const count = part.length / NVRAM_LINE_BYTES;
      encodeLines(part, line, this.#chunk);
      if (this.#damaged.size > 0) this.#markRepairs(line, count);
      writeAllSync(this.#fd, this.#chunk.subarray(0, count * STORED_LINE_BYTES), linePosition(line));
    }
  }

  #markRepairs(firstLine: number, count: number): void {
    for (let i = 0; i < count; i += 1) {
      if (this.#damaged.has(firstLine + i)) markRepair(this.#chunk, i * STORED_LINE_BYTES);
    }
  }

  /** What the firmware wrote counts from now on; a line it did not write is nothing to it, and is blanked. */
  #heal(line: number): void {
    const stored = this.#chunk.subarray(0, STORED_LINE_BYTES);
    readStored(this.#fd, stored, linePosition(line));
    unmarkRepair(stored, 0);
    if (!decodeLine(stored, 0, line, new Uint8Array(NVRAM_LINE_BYTES))) encodeLines(new Uint8Array(NVRAM_LINE_BYTES), line, stored);
    writeAllSync(this.#fd, stored, linePosition(line));
  }

  #writeHeader(clean: boolean): void {
    const { sizeBytes, bootId } = this;
    writeAllSync(this.#fd, encodeHeader({ sizeBytes, bootId, clean, doubtful: this.#doubtful }), 0);
  }
}

/** Fills `stored` with what can be read; the rest is zeroes, which no check lets pass. */
function readStored(fd: number, stored: Uint8Array, position: number): void {
  if (tryRead(fd, stored, position) || stored.length <= STORED_LINE_BYTES) return;
  // A bad sector takes away its own lines, not all that were asked for.
  for (let at = 0; at < stored.length; at += STORED_LINE_BYTES) {
    tryRead(fd, stored.subarray(at, at + STORED_LINE_BYTES), position + at);
  }
}

function tryRead(fd: number, stored: Uint8Array, position: number): boolean {
  try {
    stored.fill(0, readAllSync(fd, stored, position));
    return true;
  } catch {
    stored.fill(0);
    return false;
  }
}
