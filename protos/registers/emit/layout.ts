import { MAP_VERSION_MAJOR, MAP_VERSION_MINOR } from '../card-registers.js';
import type { Field, Register, Registers } from '../register-map.js';

/* What all emitters share. */

/** Says in each generated file where it came from. */
export const GENERATED_BANNER = 'Generated from protos/registers/card-registers.ts by `npm run generate`. Do not edit.';

export const mapVersion = `${String(MAP_VERSION_MAJOR)}.${String(MAP_VERSION_MINOR)}`;

/** Registers in the order of their offsets. */
export function registersInOrder(registers: Registers): [string, Register][] {
  return Object.entries(registers).sort(([, a], [, b]) => a.offset - b.offset);
}

/** Fields from the lowest bit up. */
export function fieldsInOrder(register: Register): [string, Field][] {
  return Object.entries(register.fields).sort(([, a], [, b]) => a.lsb - b.lsb);
}

export function hex(value: number | bigint, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
