import type { Completion, MediumDrive, MediumFile, PartFault } from '../../firmware/hal.js';
import { Fingerprint, hashOfWords } from './fingerprint.js';
import type { OperationKind, SimPower } from './power.js';

const LEAST_US = 100;
const MOST_US = 1500;
/** What a cut tears an unflushed medium into. */
const TEAR_BYTES = 4096;

/** The bytes of one portable medium (212). */
export class SimMedium {
  /** Arrays that others may hold as well are replaced, not changed. */
  #isShared = true;
  /** How often it was pulled out of the drive that was at it. */
  pulled = 0;
  isOut = false;
  #bytes = new Uint8Array(0);
  #durable = new Uint8Array(0);
  /** Of the bytes, unless they have changed since; and of what is durable. */
  #fingerprint: Fingerprint | undefined;
  #durableFingerprint: Fingerprint | undefined;

  /** As it reads. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** As a cut would leave it. */
  get durable(): Uint8Array {
    return this.#durable;
  }

  copyFrom(other: SimMedium): void {
    other.#isShared = true;
    this.#isShared = true;
    this.#bytes = other.#bytes;
    this.#durable = other.#durable;
    this.#fingerprint = other.#fingerprint;
    this.#durableFingerprint = other.#durableFingerprint;
  }

  write(offsetBytes: number, parts: readonly Uint8Array[]): void {
    const lengthBytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (offsetBytes + lengthBytes > this.#bytes.length) this.#lengthen(offsetBytes + lengthBytes);
    if (this.#isShared) this.#bytes = this.#bytes.slice();
    this.#isShared = false;
    this.#fingerprint = undefined;
    let at = offsetBytes;
    for (const part of parts) {
      this.#bytes.set(part, at);
      at += part.length;
    }
  }

  resize(lengthBytes: number): void {
    const bytes = new Uint8Array(lengthBytes);
    bytes.set(this.#bytes.subarray(0, lengthBytes));
    this.#bytes = bytes;
    this.#isShared = false;
    this.#fingerprint = undefined;
  }

  /** @returns makes durable what the medium holds now. */
  flush(): () => void {
    const captured = this.#bytes;
    this.#isShared = true;
    return () => {
      this.#durable = captured;
      this.#durableFingerprint = undefined;
    };
  }

  /** Something happens to it on its way. */
  damage(change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>): void {
    this.#become(change(this.#bytes.slice()));
  }

  /** It is pulled out, and whatever is under way with it fails; what was not flushed is lost in part. */
  pullOut(keeps: () => boolean): void {
    this.pulled += 1;
    this.isOut = true;
    this.settle(keeps);
  }

  /** The power of the card that writes to it went. */
  settle(keeps: () => boolean): void {
    const survivor = (keeps() ? this.#bytes : this.#durable).slice();
    const other = survivor.length === this.#bytes.length ? this.#durable : this.#bytes;
    for (let at = 0; at < Math.min(survivor.length, other.length); at += TEAR_BYTES) {
      if (keeps()) survivor.set(other.subarray(at, Math.min(at + TEAR_BYTES, survivor.length)), at);
    }
    this.#become(survivor);
  }

  /** @param part of the whole, 0 to 31. */
  addTo(fingerprint: Fingerprint, part: number): void {
    this.#fingerprint ??= fingerprintOf(this.#bytes);
    fingerprint.toggleAll(this.#fingerprint, part);
  }

  /** As {@link addTo}, of what is durable. */
  addDurableTo(fingerprint: Fingerprint, part: number): void {
    if (this.#durable === this.#bytes) {
      this.addTo(fingerprint, part);
      return;
    }
    this.#durableFingerprint ??= fingerprintOf(this.#durable);
    fingerprint.toggleAll(this.#durableFingerprint, part);
  }

  /** With room for as much again: an export writes it piece by piece. */
  #lengthen(lengthBytes: number): void {
    let room = this.#bytes.buffer;
    if (this.#isShared || room.byteLength < lengthBytes) {
      room = new ArrayBuffer(2 * lengthBytes);
      new Uint8Array(room).set(this.#bytes);
      this.#isShared = false;
    }
    this.#bytes = new Uint8Array(room, 0, lengthBytes);
  }

  #become(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#durable = bytes;
    this.#isShared = true;
    this.#fingerprint = undefined;
    this.#durableFingerprint = undefined;
  }
}

function fingerprintOf(bytes: Uint8Array): Fingerprint {
  const fingerprint = new Fingerprint();
  const words = Math.floor(bytes.length / 4);
  fingerprint.toggle(bytes.length, hashOfWords(new Uint32Array(bytes.buffer, 0, words), 0, words));
  for (const byte of bytes.subarray(words * 4)) fingerprint.toggle(byte, words);
  return fingerprint;
}

/** Every medium there is, by name. A truck carries them: each drive reaches all. */
export type Shelf = Map<string, SimMedium>;

/** The drive of one board. */
export class SimMediumDrive implements MediumDrive {
  /** Media opened for writing since the power came. */
  readonly #written = new Set<SimMedium>();

  constructor(
    private readonly power: SimPower,
    private readonly shelf: Shelf,
  ) {}

  open(path: string, mode: 'create' | 'resume' | 'read', done: Completion<MediumFile>): void {
    this.power.submit({ part: 'medium', kind: 'open', offsetBytes: 0, lengthBytes: 0 }, this.power.dueUs(LEAST_US, MOST_US), done, (): MediumFile | PartFault => {
      let medium = this.shelf.get(path);
      if (medium?.isOut === true) return { part: 'medium', kind: 'not-found', text: `${path} is not in the drive` };
      if (mode === 'create' && medium !== undefined) return { part: 'medium', kind: 'exists', text: `${path} exists` };
      if (mode !== 'create' && medium === undefined) return { part: 'medium', kind: 'not-found', text: `${path} is not there` };
      medium ??= new SimMedium();
      this.shelf.set(path, medium);
      if (mode !== 'read') this.#written.add(medium);
      return new SimMediumFile(this.power, medium);
    });
  }

  cut(keeps: () => boolean): void {
    for (const medium of this.#written) medium.settle(keeps);
    this.#written.clear();
  }
}

class SimMediumFile implements MediumFile {
  readonly lengthBytes: number;
  /** As of when it was opened: one that was pulled out since has to be opened anew. */
  readonly #pulled: number;

  constructor(
    private readonly power: SimPower,
    private readonly medium: SimMedium,
  ) {
    this.lengthBytes = medium.bytes.length;
    this.#pulled = medium.pulled;
  }

  read(offsetBytes: number, into: Uint8Array, done: Completion<void>): void {
    this.#submit('read', offsetBytes, into.length, done, () => {
      if (offsetBytes + into.length > this.medium.bytes.length) return { part: 'medium', kind: 'truncated', text: 'the medium ends before' };
      into.set(this.medium.bytes.subarray(offsetBytes, offsetBytes + into.length));
      return undefined;
    });
  }

  write(offsetBytes: number, from: readonly Uint8Array[], done: Completion<void>): void {
    const lengthBytes = from.reduce((sum, part) => sum + part.length, 0);
    this.#submit('write', offsetBytes, lengthBytes, done, () => {
      this.medium.write(offsetBytes, from);
      return undefined;
    });
  }

  truncate(lengthBytes: number, done: Completion<void>): void {
    this.#submit('truncate', lengthBytes, 0, done, () => {
      this.medium.resize(lengthBytes);
      return undefined;
    });
  }

  flush(done: Completion<void>): void {
    const makeDurable = this.medium.flush();
    this.#submit('flush', 0, 0, done, () => {
      makeDurable();
      return undefined;
    });
  }

  close(done: Completion<void>): void {
    this.power.submit<void>({ part: 'medium', kind: 'close', offsetBytes: 0, lengthBytes: 0 }, this.power.scheduler.nowUs, done, () => undefined);
  }

  #submit(kind: OperationKind, offsetBytes: number, lengthBytes: number, done: Completion<void>, run: () => PartFault | undefined): void {
    this.power.submit<void>({ part: 'medium', kind, offsetBytes, lengthBytes }, this.power.dueUs(LEAST_US, MOST_US), done, () =>
      this.medium.pulled === this.#pulled ? run() : { part: 'medium', kind: 'io', text: 'the medium was pulled out' });
  }
}
