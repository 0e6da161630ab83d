import { fieldMask, type Field, type Register, type Registers, type Windows, WORD_BYTES } from '../register-map.js';
import { fieldsInOrder, GENERATED_BANNER, hex, mapVersion, registersInOrder } from './layout.js';

const PREFIX = 'GRAINLINK';
const GUARD = `${PREFIX}_REGISTERS_H`;

/** The map as macros: offsets, resets, and mask, shift and values of each field. Valid C99 and C++. */
export function emitCHeader(registers: Registers, windows: Windows): string {
  const blocks = [
    [`/* Registers of a grainlink card, version ${mapVersion} of the map. */`, `/* ${GENERATED_BANNER} */`],
    [`#ifndef ${GUARD}`, `#define ${GUARD}`],
    ['#include <stdint.h>'],
    ...registersInOrder(registers).map(([name, register]) => registerMacros(name, register)),
    ...Object.entries(windows).map(([name, window]) => [
      comment(window.description),
      define(`${name}_OFFSET`, u32(window.offset)),
      define(`${name}_BYTES`, u32(window.lengthBytes)),
    ]),
    [`#endif /* ${GUARD} */`],
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function registerMacros(name: string, register: Register): string[] {
  return [
    comment(`${name} (${register.access}): ${register.description}`),
    ...offsetMacros(name, register),
    ...(register.reset === undefined ? [] : [define(`${name}_RESET`, number(register, register.reset))]),
    ...fieldsInOrder(register).flatMap(([fieldName, field]) => fieldMacros(`${name}_${fieldName}`, register, field)),
  ];
}

function offsetMacros(name: string, register: Register): string[] {
  if (register.array !== undefined) {
    return [
      define(`${name}_COUNT`, String(register.array.count)),
      define(`${name}_OFFSET(n)`, `(${u32(register.offset)} + ${u32(register.array.strideBytes)} * (uint32_t)(n))`),
    ];
  }
  const whole = define(`${name}_OFFSET`, u32(register.offset));
  if (register.widthBytes === WORD_BYTES) return [whole];
  return [whole, define(`${name}_LO_OFFSET`, u32(register.offset)), define(`${name}_HI_OFFSET`, u32(register.offset + WORD_BYTES))];
}

function fieldMacros(path: string, register: Register, field: Field): string[] {
  return [
    comment(field.description),
    define(`${path}_SHIFT`, String(field.lsb)),
    define(`${path}_MASK`, number(register, fieldMask(field))),
    ...(field.values ?? []).map(({ name, value }) => define(`${path}_${name}`, number(register, value))),
  ];
}

function define(name: string, value: string): string {
  return `#define ${PREFIX}_${name} ${value}`;
}

function number(register: Register, value: number | bigint): string {
  return register.widthBytes === WORD_BYTES ? u32(value) : `UINT64_C(${hex(value, 16)})`;
}

function u32(value: number | bigint): string {
  return `UINT32_C(${hex(value, 8)})`;
}

function comment(text: string): string {
  return `/* ${text} */`;
}
