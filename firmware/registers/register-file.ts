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

export type RegisterBehaviours<R extends Registers> = { readonly [Name in keyof R]?: RegisterBehaviour };

/** Memory within the register space. */
export interface MappedWindow {
  readonly offset: number;
  readonly memory: Uint8Array;
  /** Throws a CommandError when hosts may not write to it now. */
  checkWritable(): void;
}

/** One word of the register space. */
interface Word {
  readonly offset: number;
  readonly name: string;
  readonly register: Register;
  readonly index: number;
}

const HALF_BITS = 32n;
const MAX_WORD = 0xffff_ffff;

export class RegisterFile<R extends Registers> {
  /** Laid out at the first access: many a boot sees none. */
  #registers: readonly (readonly [string, Register])[] | undefined;
  /**
   * What words hold that are not as at reset, by their offsets. Of an 8-byte register, in its high word: what the last
   * read of the low word found.
   */
  readonly #stored = new Map<number, number>();

  /**
   * @param behaviours of each register in one of them at most.
   * @param log told of each access that was refused or in part without effect: one line.
   */
  constructor(
    private readonly map: R,
    private readonly behaviours: readonly RegisterBehaviours<R>[],
    private readonly windows: readonly MappedWindow[],
    private readonly log: (line: string) => void,
  ) {}

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
      words.forEach((word, i) => { view.setUint32(i * WORD_BYTES, this.#readWord(word), true); });
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
        if (writableBits(word.register) === 0) throw new CommandError(Status.REGISTER_NOT_WRITABLE, `${word.name} is ${word.register.access}`);
      }
      const view = new DataView(value.buffer, value.byteOffset, value.length);
      words.forEach((word, i) => { this.#writeWord(word, view.getUint32(i * WORD_BYTES, true)); });
    });
  }

  /** What the register file keeps for a register without `read`. For the card itself: nothing is cleared. */
  stored(name: keyof R): number {
    return this.#storedIn(this.#named(name));
  }

  /** Sets bits that hosts clear, as the causes of an `rw1c` register. */
  setBits(name: keyof R, bits: number): void {
    const word = this.#named(name);
    this.#stored.set(word.offset, (this.#storedIn(word) | bits) >>> 0);
  }

  /** Counts up a register that hosts clear by reading it; it stays at its greatest value. */
  countUp(name: keyof R): void {
    const word = this.#named(name);
    this.#stored.set(word.offset, Math.min(this.#storedIn(word) + 1, MAX_WORD));
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
      const word = this.#wordAt(at);
      if (word === undefined) throw new CommandError(Status.UNKNOWN_REGISTER, `offset 0x${at.toString(16)}`);
      words.push(word);
    }
    return words;
  }

  #wordAt(offset: number): Word | undefined {
    this.#registers ??= Object.entries(this.map);
    for (const [name, register] of this.#registers) {
      const index = Math.floor((offset - register.offset) / (register.array?.strideBytes ?? register.widthBytes));
      if (index < 0 || index >= registerCount(register)) continue;
      if (offset < registerOffset(register, index) + register.widthBytes) return { offset, name, register, index };
    }
    return undefined;
  }

  #readWord(word: Word): number {
    const { register, offset } = word;
    if (register.access === 'wo') return 0;
    if (!isLow(word)) return this.#storedIn(word);
    const live = this.#behaviour(word)?.read?.(word.index);
    if (register.widthBytes > WORD_BYTES) return this.#latchHigh(BigInt(live ?? this.#storedIn(word)), offset + WORD_BYTES);
    if (live !== undefined) return Number(live);
    const value = this.#storedIn(word);
    if (register.access === 'rc') this.#stored.set(offset, 0);
    return value;
  }

  /** A host that reads a wide register word by word still sees one moment of it. */
  #latchHigh(value: bigint, highOffset: number): number {
    this.#stored.set(highOffset, Number(value >> HALF_BITS));
    return Number(value & BigInt(MAX_WORD));
  }

  #writeWord(word: Word, written: number): void {
    const { register, offset, name, index } = word;
    const writable = writableBits(register);
    const reserved = (written & ~writable) >>> 0;
    if (reserved !== 0) this.log(`write to reserved bits 0x${reserved.toString(16)} of ${name}: no effect`);
    const value = (written & writable) >>> 0;
    const behaviour = this.#behaviour(word);
    behaviour?.write?.(value, index);
    if (behaviour?.read === undefined) this.#stored.set(offset, afterWrite(register, this.#storedIn(word), value));
  }

  #storedIn(word: Word): number {
    return this.#stored.get(word.offset) ?? (isLow(word) ? (word.register.reset ?? 0) : 0);
  }

  #behaviour(word: Word): RegisterBehaviour | undefined {
    return this.behaviours.find((some) => some[word.name] !== undefined)?.[word.name];
  }

  #named(name: keyof R): Word {
    const register = this.map[name];
    if (register === undefined) throw new Error(`no register ${String(name)}`);
    return { offset: register.offset, name: String(name), register, index: 0 };
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

/** Whether it is the first word of its register. */
function isLow({ offset, register, index }: Word): boolean {
  return offset === registerOffset(register, index);
}

function writableBits(register: Register): number {
  if (register.access === 'ro' || register.access === 'rc') return 0;
  return Number(Object.values(register.fields).reduce((bits, field) => bits | fieldMask(field), 0n));
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
