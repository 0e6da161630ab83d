import type { Command } from 'commander';
import type { RegisterReading } from '../../../host-driver/index.js';
import { fieldText } from '../../../protos/registers/fields.js';
import { addCardVerb } from '../verb.js';
import type { World } from '../world.js';

const NAME_WIDTH = 24;
const OFFSET_DIGITS = 4;
const DIGITS_PER_BYTE = 2;

export function addRegs(program: Command, world: World): void {
  addCardVerb(program, world, {
    name: 'regs',
    summary: 'registers with their fields',
    description:
      'Reads the register file: name, offset, value and decoded fields, as in docs/registers.md. ' +
      'Registers that reading would clear are named, not read. Elements of arrays that are 0 are left out, except with --json.',
    examples: ['regs -c tcp://127.0.0.1:7001'],
    run: async (card) => {
      const readings = await card.readRegisters();
      const shown = readings.filter(({ register, value }) => register.array === undefined || value !== 0n);
      return {
        json: { registers: readings.map(readingJson) },
        text: shown.map((reading) => `${readingText(reading)}\n`).join(''),
      };
    },
  });
}

function readingJson({ name, offset, register, value }: RegisterReading): object {
  return {
    name,
    offset,
    access: register.access,
    widthBytes: register.widthBytes,
    value: value === undefined ? null : hex(value, register.widthBytes * DIGITS_PER_BYTE),
    fields: value === undefined ? {} : fieldsOf(register, value),
  };
}

function readingText({ name, offset, register, value }: RegisterReading): string {
  const start = `${hex(BigInt(offset), OFFSET_DIGITS)}  ${name.padEnd(NAME_WIDTH)}`;
  if (value === undefined) return `${start}${register.access === 'rc' ? 'not read: reading clears it' : 'cannot be read'}`;
  const fields = Object.entries(fieldsOf(register, value)).map(([field, text]) => `${field}=${text}`);
  return `${start}${hex(value, register.widthBytes * DIGITS_PER_BYTE)}  ${fields.join(' ')}`;
}

function fieldsOf(register: RegisterReading['register'], value: bigint): Record<string, string> {
  return Object.fromEntries(Object.entries(register.fields).map(([name, field]) => [name, fieldText(field, value)]));
}

function hex(value: bigint, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
