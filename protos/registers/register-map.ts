/*
 * What a register is, and what a map of them must fulfil. The register file (firmware/registers) gives the
 * access words their meaning; the emitters turn a map into SVD, C and Markdown.
 */

/**
 * - `ro` reads; `rw` reads and writes; `wo` writes, and reads as zero.
 * - `rw1c`: a one clears the bit, a zero leaves it. `rw1s`: a one sets it, and the card clears it.
 * - `rc`: reading clears it; not writable.
 */
export type Access = 'ro' | 'rw' | 'wo' | 'rw1c' | 'rw1s' | 'rc';

export interface FieldValue {
  readonly name: string;
  readonly value: number;
}

export interface Field {
  /** Its lowest bit. */
  readonly lsb: number;
  readonly widthBits: number;
  readonly description: string;
  /** Names for its values, when it is an enumeration. */
  readonly values?: readonly FieldValue[];
}

export interface Register {
  /** From the start of the register space, in bytes. */
  readonly offset: number;
  /** 8 is two words, low half first; only `ro`, since two writes could not take effect at once. */
  readonly widthBytes: 4 | 8;
  readonly access: Access;
  /** After power-up; absent where the register shows the live state of the card. */
  readonly reset?: number;
  readonly description: string;
  /** Bits in no field are reserved: they read as zero, and a write to them has no effect. */
  readonly fields: Readonly<Record<string, Field>>;
  /** The register occurs `count` times, each `strideBytes` behind the one before. */
  readonly array?: { readonly count: number; readonly strideBytes: number };
}

/** Memory in the register space. */
export interface Window {
  readonly offset: number;
  readonly lengthBytes: number;
  readonly description: string;
}

export type Registers = Readonly<Record<string, Register>>;
export type Windows = Readonly<Record<string, Window>>;

/** Bytes of one access to the register space, and what its offset must be a multiple of. */
export const WORD_BYTES = 4;

const BITS_PER_BYTE = 8;
const NAME = /^[A-Z][A-Z0-9_]*$/;

export function registerCount(register: Register): number {
  return register.array?.count ?? 1;
}

export function registerOffset(register: Register, index: number): number {
  return register.offset + index * (register.array?.strideBytes ?? 0);
}

/**
 * Checks the registers and hands them on.
 * @throws when a name is odd, or anything overlaps, is misaligned or does not fit: a map like that is a
 * mistake in the source, and must not get as far as a card.
 */
export function defineRegisters<const T extends Registers>(registers: T, windows: Windows): T {
  const taken = new Map<number, string>();
  for (const [name, register] of Object.entries(registers)) {
    checkRegister(name, register);
    for (let index = 0; index < registerCount(register); index += 1) {
      take(taken, name, registerOffset(register, index), register.widthBytes);
    }
  }
  for (const [name, window] of Object.entries(windows)) take(taken, name, window.offset, window.lengthBytes);
  return registers;
}

function take(taken: Map<number, string>, name: string, offset: number, lengthBytes: number): void {
  must(offset % WORD_BYTES === 0 && lengthBytes % WORD_BYTES === 0, `${name} is not made of whole words`);
  for (let word = offset; word < offset + lengthBytes; word += WORD_BYTES) {
    must(!taken.has(word), `${name} overlaps ${taken.get(word) ?? ''} at 0x${word.toString(16)}`);
    taken.set(word, name);
  }
}

function checkRegister(name: string, register: Register): void {
  must(NAME.test(name), `${name} is no name for a register`);
  must(register.offset % register.widthBytes === 0, `${name} is not aligned to its width`);
  must(register.widthBytes === WORD_BYTES || register.access === 'ro', `${name} is wider than a word and can be written`);
  let used = 0n;
  for (const [fieldName, field] of Object.entries(register.fields)) {
    checkField(`${name}.${fieldName}`, fieldName, field, register.widthBytes * BITS_PER_BYTE);
    must((used & fieldMask(field)) === 0n, `${name}.${fieldName} overlaps another field`);
    used |= fieldMask(field);
  }
  must((BigInt(register.reset ?? 0) & ~used) === 0n, `${name} sets a reserved bit at reset`);
}

function checkField(path: string, name: string, field: Field, registerBits: number): void {
  must(NAME.test(name), `${path} is no name for a field`);
  must(field.lsb >= 0 && field.widthBits > 0 && field.lsb + field.widthBits <= registerBits, `${path} does not fit`);
  for (const { name: valueName, value } of field.values ?? []) {
    must(value < 2 ** field.widthBits, `${path} is too narrow for ${valueName}`);
  }
}

/** The bits of a field within its register. */
export function fieldMask(field: Field): bigint {
  return ((1n << BigInt(field.widthBits)) - 1n) << BigInt(field.lsb);
}

function must(fulfilled: boolean, otherwise: string): void {
  if (!fulfilled) throw new Error(`register map: ${otherwise}`);
}
