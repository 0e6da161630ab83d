import { type CardRegisterName, cardRegisters } from '../protos/registers/card-registers.js';
import { type Register, registerCount, registerOffset, WORD_BYTES } from '../protos/registers/register-map.js';
import type { PropertyPort } from './property-port.js';

/** One line of a listing of the registers. */
export interface RegisterReading {
  /** As in the map; elements of an array carry their index: `SQ_TAIL_DOORBELL[3]`. */
  readonly name: string;
  readonly offset: number;
  readonly register: Register;
  /** Undefined where reading is not possible, or would change something. */
  readonly value: bigint | undefined;
}

const WORD_BITS = 32;
const BITS_PER_BYTE = 8;

/** The register space of a card. All methods reject as those of the driver do. */
export class RegisterWindow {
  constructor(private readonly port: PropertyPort) {}

  /**
   * Reads a register by its name in the map, or the word at an offset.
   * @param index which one, where a name stands for an array.
   */
  async read(which: CardRegisterName | number, index = 0): Promise<bigint> {
    if (typeof which === 'number') return littleEndian(await this.port.get(offsetOf(which), WORD_BYTES));
    const register: Register = cardRegisters[which];
    return littleEndian(await this.port.get(elementOffset(which, register, index), register.widthBytes));
  }

  /** Writes a word. What the write does depends on the register's access word; reserved bits have no effect. */
  async write(which: CardRegisterName | number, value: number | bigint, index = 0): Promise<void> {
    const offset = typeof which === 'number' ? offsetOf(which) : elementOffset(which, cardRegisters[which], index);
    const word = BigInt(value);
    if (BigInt.asUintN(WORD_BITS, word) !== word) throw new RangeError(`${String(value)} does not fit into a register of 32 bits`);
    const bytes = new Uint8Array(WORD_BYTES);
    new DataView(bytes.buffer).setUint32(0, Number(word), true);
    await this.port.set(offset, bytes);
  }

  /** Every register of the map, in its order, without side effects. */
  async readAll(): Promise<RegisterReading[]> {
    const readings: RegisterReading[] = [];
    for (const [name, register] of Object.entries<Register>(cardRegisters)) {
      for (let index = 0; index < registerCount(register); index += 1) {
        readings.push(await this.#reading(name, register, index));
      }
    }
    return readings;
  }

  /** Bytes of a window, from its start; the card moves whole words. */
  async readWindow(offset: number, lengthBytes: number): Promise<Uint8Array> {
    return (await this.port.get(offset, wholeWords(lengthBytes))).subarray(0, lengthBytes);
  }

  async writeWindow(offset: number, bytes: Uint8Array): Promise<void> {
    const padded = new Uint8Array(wholeWords(bytes.length));
    padded.set(bytes);
    await this.port.set(offset, padded);
  }

  async #reading(name: string, register: Register, index: number): Promise<RegisterReading> {
    const offset = registerOffset(register, index);
    const harmless = register.access !== 'rc' && register.access !== 'wo';
    const value = harmless ? littleEndian(await this.port.get(offset, register.widthBytes)) : undefined;
    return { name: register.array === undefined ? name : `${name}[${String(index)}]`, offset, register, value };
  }
}

function offsetOf(offset: number): number {
  // What is within a word's reach but no register is the card's to refuse.
  if (Number.isInteger(offset) && offset >= 0 && offset < 2 ** WORD_BITS) return offset;
  throw new RangeError(`${String(offset)} is no offset of a register`);
}

function elementOffset(name: string, register: Register, index: number): number {
  const count = registerCount(register);
  if (Number.isInteger(index) && index >= 0 && index < count) return registerOffset(register, index);
  throw new RangeError(`${name} has ${String(count)} element(s), and no element ${String(index)}`);
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  bytes.forEach((byte, at) => {
    value |= BigInt(byte) << BigInt(at * BITS_PER_BYTE);
  });
  return value;
}

function wholeWords(lengthBytes: number): number {
  return Math.ceil(lengthBytes / WORD_BYTES) * WORD_BYTES;
}
