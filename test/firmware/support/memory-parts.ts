import {
  type Completion,
  type Disk,
  type MediumDrive,
  type MediumFile,
  NVRAM_LINE_BYTES,
  type Nvram,
  type NvramImage,
  type PartFault,
} from '../../../firmware/hal.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import type { MemoryPower, PartOperation } from './memory-power.js';

/** NVRAM whose content a test may read and damage. */
export class MemoryNvram implements Nvram {
  readonly damagedLines = new Set<number>();
  doubtful = false;
  /** Damage that a boot was told of stays until `recovered`, even where the firmware has written since. */
  #reported = new Set<number>();

  constructor(
    private readonly power: MemoryPower,
    readonly sizeBytes: number,
    readonly durable: Uint8Array = new Uint8Array(sizeBytes),
  ) {}

  powerUp(): NvramImage {
    this.#reported = new Set(this.damagedLines);
    return { bytes: this.durable.slice(), damagedLines: [...this.damagedLines].sort((a, b) => a - b), doubtful: this.doubtful };
  }

  persist(offsetBytes: number, lines: Uint8Array, done: Completion<void>): void {
    if (offsetBytes % NVRAM_LINE_BYTES !== 0 || lines.length % NVRAM_LINE_BYTES !== 0) throw new Error('a persist of half a line');
    const captured = lines.slice();
    const store = (lengthBytes: number): void => {
      this.durable.set(captured.subarray(0, lengthBytes), offsetBytes);
      for (let at = 0; at < lengthBytes; at += NVRAM_LINE_BYTES) {
        const line = (offsetBytes + at) / NVRAM_LINE_BYTES;
        if (!this.#reported.has(line)) this.damagedLines.delete(line);
      }
    };
    const half = Math.floor(captured.length / NVRAM_LINE_BYTES / 2) * NVRAM_LINE_BYTES;
    this.power.submit({ part: 'nvram', kind: 'persist', offsetBytes, lengthBytes: lines.length }, done, () => { store(captured.length); }, () => { store(half); });
  }

  recovered(done: Completion<void>): void {
    this.power.submit({ part: 'nvram', kind: 'persist', offsetBytes: 0, lengthBytes: 0 }, done, () => {
      this.damagedLines.clear();
      this.#reported.clear();
      this.doubtful = false;
    });
  }

  flush(done: Completion<void>): void {
    this.power.submit({ part: 'nvram', kind: 'flush', offsetBytes: 0, lengthBytes: 0 }, done, () => undefined);
  }
}

/** A disk with a volatile write cache: a cut leaves each unflushed block old or new. */
export class MemoryDisk implements Disk {
  #cache = new Map<number, Uint8Array>();

  /** @param durable what a cut leaves at least. */
  constructor(
    private readonly power: MemoryPower,
    private readonly part: PartOperation['part'],
    readonly sizeBytes: number,
    readonly durable: Uint8Array = new Uint8Array(sizeBytes),
  ) {}

  read(offsetBytes: number, into: Uint8Array, done: Completion<void>): void {
    this.#check(offsetBytes, into.length);
    this.#submit('read', offsetBytes, into.length, done, () => { this.peek(offsetBytes, into); });
  }

  write(offsetBytes: number, from: Uint8Array, done: Completion<void>): void {
    this.#check(offsetBytes, from.length);
    this.#submit('write', offsetBytes, from.length, done, () => { this.#store(offsetBytes, from); }, () => { this.#store(offsetBytes, from); });
  }

  zero(offsetBytes: number, lengthBytes: number, done: Completion<void>): void {
    this.#check(offsetBytes, lengthBytes);
    const store = (): void => { this.#store(offsetBytes, new Uint8Array(lengthBytes)); };
    this.#submit('zero', offsetBytes, lengthBytes, done, store, store);
  }

  flush(done: Completion<void>): void {
    // What is completed at the call, and not a byte more.
    const captured = new Map(this.#cache);
    this.#submit('flush', 0, 0, done, () => {
      for (const [block, bytes] of captured) {
        this.durable.set(bytes, block * BLOCK_BYTES);
        if (this.#cache.get(block) === bytes) this.#cache.delete(block);
      }
    });
  }

  /** What a read would see, without being one. */
  peek(offsetBytes: number, into: Uint8Array): void {
    into.set(this.durable.subarray(offsetBytes, offsetBytes + into.length));
    for (let at = 0; at < into.length; at += BLOCK_BYTES) {
      const cached = this.#cache.get((offsetBytes + at) / BLOCK_BYTES);
      if (cached !== undefined) into.set(cached, at);
    }
  }

  /** Blocks, by number, of which a cut leaves the old or the new content. */
  get unflushed(): ReadonlyMap<number, Uint8Array> {
    return this.#cache;
  }

  content(): Uint8Array {
    const bytes = new Uint8Array(this.sizeBytes);
    this.peek(0, bytes);
    return bytes;
  }

  /** Puts content on the disk, durably, as from before the story. */
  fill(offsetBytes: number, bytes: Uint8Array): void {
    this.durable.set(bytes, offsetBytes);
  }

  /** Power comes back: `keep` decides for each unflushed block whether it had reached the disk. */
  powerCycle(keep: () => boolean): void {
    for (const [block, bytes] of this.#cache) if (keep()) this.durable.set(bytes, block * BLOCK_BYTES);
    this.#cache = new Map();
  }

  #store(offsetBytes: number, from: Uint8Array): void {
    for (let at = 0; at < from.length; at += BLOCK_BYTES) {
      this.#cache.set((offsetBytes + at) / BLOCK_BYTES, from.slice(at, at + BLOCK_BYTES));
    }
  }

  #submit(kind: PartOperation['kind'], offsetBytes: number, lengthBytes: number, done: Completion<void>, run: () => void, tear?: () => void): void {
    this.power.submit({ part: this.part, kind, offsetBytes, lengthBytes }, done, run, tear);
  }

  #check(offsetBytes: number, lengthBytes: number): void {
    if (offsetBytes % BLOCK_BYTES !== 0 || lengthBytes % BLOCK_BYTES !== 0) throw new Error('a disk operation on half a block');
    if (offsetBytes < 0 || offsetBytes + lengthBytes > this.sizeBytes) throw new Error('a disk operation past the end');
  }
}

/** The bytes of one medium: as it reads, and as a cut would leave it. */
export class MemoryMedium {
  bytes = new Uint8Array(0);
  durable = new Uint8Array(0);
}

const MEDIUM_TEAR_BYTES = 4096;

/** A drive full of media, by path. A medium can be carried from one drive to another. */
export class MemoryMediumDrive implements MediumDrive {
  readonly media = new Map<string, MemoryMedium>();
  /** Files opened and not closed. */
  openFiles = 0;

  constructor(private readonly power: MemoryPower) {}

  open(path: string, mode: 'create' | 'resume' | 'read', done: Completion<MediumFile>): void {
    this.power.submit({ part: 'medium', kind: 'open', offsetBytes: 0, lengthBytes: 0 }, done, (): MediumFile | PartFault => {
      let medium = this.media.get(path);
      if (mode === 'create' && medium !== undefined) return { kind: 'exists', text: `${path} exists` };
      if (mode !== 'create' && medium === undefined) return { kind: 'not-found', text: `${path} is not there` };
      medium ??= new MemoryMedium();
      this.media.set(path, medium);
      this.openFiles += 1;
      return new MemoryMediumFile(this.power, medium, () => { this.openFiles -= 1; });
    });
  }

  powerCycle(keep: () => boolean): void {
    for (const medium of this.media.values()) {
      const survivor = keep() ? medium.bytes.slice() : medium.durable.slice();
      const other = survivor.length === medium.bytes.length ? medium.durable : medium.bytes;
      for (let at = 0; at < Math.min(survivor.length, other.length); at += MEDIUM_TEAR_BYTES) {
        if (keep()) survivor.set(other.subarray(at, Math.min(at + MEDIUM_TEAR_BYTES, survivor.length)), at);
      }
      medium.bytes = survivor;
      medium.durable = survivor.slice();
    }
    this.openFiles = 0;
  }
}

class MemoryMediumFile implements MediumFile {
  readonly lengthBytes: number;

  constructor(
    private readonly power: MemoryPower,
    private readonly medium: MemoryMedium,
    private readonly onClose: () => void,
  ) {
    this.lengthBytes = medium.bytes.length;
  }

  read(offsetBytes: number, into: Uint8Array, done: Completion<void>): void {
    this.#submit('read', offsetBytes, into.length, done, () => {
      if (offsetBytes + into.length > this.medium.bytes.length) return { kind: 'truncated', text: 'the medium ends before' };
      into.set(this.medium.bytes.subarray(offsetBytes, offsetBytes + into.length));
      return undefined;
    });
  }

  write(offsetBytes: number, from: readonly Uint8Array[], done: Completion<void>): void {
    const lengthBytes = from.reduce((sum, part) => sum + part.length, 0);
    this.#submit('write', offsetBytes, lengthBytes, done, () => {
      const end = offsetBytes + lengthBytes;
      if (end > this.medium.bytes.length) this.#resize(end);
      let at = offsetBytes;
      for (const part of from) {
        this.medium.bytes.set(part, at);
        at += part.length;
      }
      return undefined;
    });
  }

  truncate(lengthBytes: number, done: Completion<void>): void {
    this.#submit('truncate', lengthBytes, 0, done, () => {
      this.#resize(lengthBytes);
      return undefined;
    });
  }

  flush(done: Completion<void>): void {
    const captured = this.medium.bytes.slice();
    this.#submit('flush', 0, 0, done, () => {
      this.medium.durable = captured;
      return undefined;
    });
  }

  close(done: Completion<void>): void {
    this.#submit('open', 0, 0, done, () => {
      this.onClose();
      return undefined;
    });
  }

  #resize(lengthBytes: number): void {
    const bytes = new Uint8Array(lengthBytes);
    bytes.set(this.medium.bytes.subarray(0, lengthBytes));
    this.medium.bytes = bytes;
  }

  #submit(kind: PartOperation['kind'], offsetBytes: number, lengthBytes: number, done: Completion<void>, run: () => PartFault | undefined): void {
    this.power.submit<void>({ part: 'medium', kind, offsetBytes, lengthBytes }, done, run);
  }
}
