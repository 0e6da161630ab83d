import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import {
  fieldMask,
  type Register,
  registerCount,
  registerOffset,
  type Registers,
  WORD_BYTES,
} from '../../protos/registers/register-map.js';
import { CommandError } from '../errors.js';

/*
 * What the access words of the register map mean, once for all registers. Accesses are whole words at whole
 * words' offsets; each word of a longer one takes effect in turn, from the lowest.
 */

/** What a device adds to a register. `index` tells the registers of an array apart. */
export interface RegisterBehaviour {
  /** The live value. Without it the register file keeps the value itself. */
  read?(index: number): number | bigint;
  /**
   * A host wrote. `value` is what the register is to hold (`rw`, `wo`), or the bits written as ones (`rw1c`,
   * `rw1s`); reserved bits are gone. Throws a CommandError to refuse: the register then keeps its value.
   */
  write?(value: number, index: number): void;
}

/** Memory within the register space. */
export interface MappedWindow {
  readonly offset: number;
  readonly memory: Uint8Array;
  /** Throws a CommandError when hosts may not write to it now. */
  checkWritable(): void;
}

/** One word of the register space. */
interface Word {
  readonly name: string;
  readonly register: Register;
  readonly index: number;
  readonly writableBits: number;
  /** Of an 8-byte register, in its high word: what the last read of the low word found. */
  stored: number;
}

const HALF_BITS = 32n;
const MAX_WORD = 0xffff_ffff;

export class RegisterFile<R extends Registers> {
  readonly #words = new Map<number, Word>();

  /** @param log told of each access that was refused or in part without effect: one line. */
  constructor(
    private readonly map: R,
    private readonly behaviours: { readonly [Name in keyof R]?: RegisterBehaviour },
    private readonly windows: readonly MappedWindow[],
    private readonly log: (line: string) => void,
  ) {
    for (const [name, register] of Object.entries(map)) this.#layOut(name, register);
  }

  /**
   * Reads `lengthBytes` at `offset`, as a host does.
   * @throws CommandError MISALIGNED or UNKNOWN_REGISTER; then nothing was read, and no `rc` register cleared.
   */
  read(offset: number, lengthBytes: number): Uint8Array {
    return this.#logged('read', offset, () => {
      checkAligned(offset, lengthBytes);
      const window = this.#windowAt(offset, lengthBytes);
      if (window !== undefined) return window.memory.slice(offset - window.offset, offset - window.offset + lengthBytes);

      const words = this.#wordsAt(offset, lengthBytes);
      const bytes = new Uint8Array(lengthBytes);
      const view = new DataView(bytes.buffer);
      words.forEach((word, i) => { view.setUint32(i * WORD_BYTES, this.#readWord(word, offset + i * WORD_BYTES), true); });
      return bytes;
    });
  }

  /**
   * Writes `value` at `offset`, as a host does.
   * @throws CommandError MISALIGNED, UNKNOWN_REGISTER or REGISTER_NOT_WRITABLE, without any effect; or what
   * the device answered to one word: then the words before it have taken effect.
   */
  write(offset: number, value: Uint8Array): void {
    this.#logged('write', offset, () => {
      checkAligned(offset, value.length);
      const window = this.#windowAt(offset, value.length);
      if (window !== undefined) {
        window.checkWritable();
        window.memory.set(value, offset - window.offset);
        return;
      }
      const words = this.#wordsAt(offset, value.length);
      for (const word of words) {
        if (word.writableBits === 0) throw new CommandError(Status.REGISTER_NOT_WRITABLE, `${word.name} is ${word.register.access}`);
      }
      const view = new DataView(value.buffer, value.byteOffset, value.length);
      words.forEach((word, i) => { this.#writeWord(word, view.getUint32(i * WORD_BYTES, true)); });
    });
  }

  /** What the register file keeps for a register without `read`. For the card itself: nothing is cleared. */
  stored(name: keyof R): number {
    return this.#stored(name).stored;
  }

  /** Sets bits that hosts clear, as the causes of an `rw1c` register. */
  setBits(name: keyof R, bits: number): void {
    const word = this.#stored(name);
    word.stored = (word.stored | bits) >>> 0;
  }

  /** Counts up a register that hosts clear by reading it; it stays at its greatest value. */
  countUp(name: keyof R): void {
    const word = this.#stored(name);
    word.stored = Math.min(word.stored + 1, MAX_WORD);
  }

  #layOut(name: string, register: Register): void {
    let bits = 0n;
    for (const field of Object.values(register.fields)) bits |= fieldMask(field);
    const writableBits = register.access === 'ro' || register.access === 'rc' ? 0 : Number(bits);
    for (let index = 0; index < registerCount(register); index += 1) {
      const offset = registerOffset(register, index);
      this.#words.set(offset, { name, register, index, writableBits, stored: register.reset ?? 0 });
      if (register.widthBytes > WORD_BYTES) {
        this.#words.set(offset + WORD_BYTES, { name, register, index, writableBits, stored: 0 });
      }
    }
  }

  #windowAt(offset: number, lengthBytes: number): MappedWindow | undefined {
    return this.windows.find(
      (window) => offset >= window.offset && offset + lengthBytes <= window.offset + window.memory.length,
    );
  }

  /** Looks all words up before any is touched. Stops at the first that is missing, however long the access. */
  #wordsAt(offset: number, lengthBytes: number): Word[] {
    const words: Word[] = [];
    for (let at = offset; at < offset + lengthBytes; at += WORD_BYTES) {
      const word = this.#words.get(at);
      if (word === undefined) throw new CommandError(Status.UNKNOWN_REGISTER, `offset 0x${at.toString(16)}`);
      words.push(word);
    }
    return words;
  }

  #readWord(word: Word, offset: number): number {
    const { register } = word;
    if (register.access === 'wo') return 0;
    if (offset !== registerOffset(register, word.index)) return word.stored;
    const live = this.#behaviour(word)?.read?.(word.index);
    if (register.widthBytes > WORD_BYTES) return this.#latchHigh(BigInt(live ?? word.stored), offset + WORD_BYTES);
    if (live !== undefined) return Number(live);
    const value = word.stored;
    if (register.access === 'rc') word.stored = 0;
    return value;
  }

  /** A host that reads a wide register word by word still sees one moment of it. */
  #latchHigh(value: bigint, highOffset: number): number {
    const high = this.#words.get(highOffset);
    if (high !== undefined) high.stored = Number(value >> HALF_BITS);
    return Number(value & BigInt(MAX_WORD));
  }

  #writeWord(word: Word, written: number): void {
    const reserved = (written & ~word.writableBits) >>> 0;
    if (reserved !== 0) this.log(`write to reserved bits 0x${reserved.toString(16)} of ${word.name}: no effect`);
    const value = (written & word.writableBits) >>> 0;
    const behaviour = this.#behaviour(word);
    behaviour?.write?.(value, word.index);
    if (behaviour?.read === undefined) word.stored = afterWrite(word.register, word.stored, value);
  }

  #behaviour(word: Word): RegisterBehaviour | undefined {
    return this.behaviours[word.name];
  }

  #stored(name: keyof R): Word {
    const word = this.#words.get(this.map[name]?.offset ?? -1);
    if (word === undefined) throw new Error(`no register ${String(name)}`);
    return word;
  }

  #logged<T>(what: 'read' | 'write', offset: number, access: () => T): T {
    try {
      return access();
    } catch (error) {
      if (error instanceof CommandError) this.log(`${what} at 0x${offset.toString(16)} refused: ${error.message}`);
      throw error;
    }
  }
}

function afterWrite(register: Register, stored: number, written: number): number {
  switch (register.access) {
    case 'rw':
    case 'wo':
      return written;
    case 'rw1c':
      return (stored & ~written) >>> 0;
    case 'rw1s':
      return (stored | written) >>> 0;
    case 'ro':
    case 'rc':
      return stored;
  }
}

function checkAligned(offset: number, lengthBytes: number): void {
  if (lengthBytes > 0 && offset % WORD_BYTES === 0 && lengthBytes % WORD_BYTES === 0) return;
  throw new CommandError(Status.MISALIGNED, `${String(lengthBytes)} bytes at 0x${offset.toString(16)}; registers take whole words of 4 bytes`);
}
