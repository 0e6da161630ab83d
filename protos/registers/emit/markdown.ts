import type { Field, Register, Registers, Windows } from '../register-map.js';
import { PROGRAMMERS_GUIDE, THEORY_OF_OPERATION } from './guide.js';
import { fieldsInOrder, GENERATED_BANNER, hex, mapVersion, registersInOrder } from './layout.js';

const OFFSET_DIGITS = 4;
const BITS_PER_BYTE = 8;

/** docs/registers.md: theory of operation, programmer's guide, then each register with its fields. */
export function emitMarkdown(registers: Registers, windows: Windows): string {
  const inOrder = registersInOrder(registers);
  return [
    `<!-- ${GENERATED_BANNER} The prose stands in protos/registers/emit/guide.ts. -->`,
    '# Registers',
    `Version ${mapVersion} of the map. Numbers in brackets, as (202), are those of the figures the card was built from; rules are those of [architecture.md](architecture.md).`,
    THEORY_OF_OPERATION.trim(),
    PROGRAMMERS_GUIDE.trim(),
    '## Summary',
    summary(inOrder, windows),
    '## Registers, one by one',
    ...inOrder.map(([name, register]) => registerSection(name, register)),
    ...Object.entries(windows).map(([name, window]) =>
      [
        `### ${name}`,
        `${code(hex(window.offset, OFFSET_DIGITS))}, ${String(window.lengthBytes)} bytes of memory. ${window.description}`,
      ].join('\n\n'),
    ),
    '',
  ].join('\n\n').trimEnd() + '\n';
}

function summary(inOrder: readonly [string, Register][], windows: Windows): string {
  return [
    '| offset | name | access | bytes | |',
    '|---|---|---|---|---|',
    ...inOrder.map(([name, register]) =>
      row([code(offsetText(register)), link(name), code(register.access), String(register.widthBytes), register.description]),
    ),
    ...Object.entries(windows).map(([name, window]) =>
      row([code(hex(window.offset, OFFSET_DIGITS)), link(name), 'memory', String(window.lengthBytes), window.description]),
    ),
  ].join('\n');
}

function registerSection(name: string, register: Register): string {
  const facts = [
    code(offsetText(register)),
    code(register.access),
    `${String(register.widthBytes * BITS_PER_BYTE)} bits`,
    register.reset === undefined ? 'live state' : `reset ${code(hex(register.reset, register.widthBytes * 2))}`,
  ];
  if (register.array !== undefined) facts.push(`n = 0 to ${String(register.array.count - 1)}`);
  return [`### ${name}`, `${facts.join(', ')}. ${register.description}`, fieldTable(register)].join('\n\n');
}

function fieldTable(register: Register): string {
  const fields = fieldsInOrder(register).reverse();
  return ['| bits | field | |', '|---|---|---|', ...fields.map(([name, field]) => row([bitsText(field), code(name), fieldDescription(field)]))].join('\n');
}

function fieldDescription(field: Field): string {
  if (field.values === undefined) return field.description;
  const values = field.values.map(({ name, value }) => `${String(value)} ${code(name)}`);
  return `${field.description}<br>${values.join(', ')}`;
}

function bitsText({ lsb, widthBits }: Field): string {
  return widthBits === 1 ? String(lsb) : `${String(lsb + widthBits - 1)}:${String(lsb)}`;
}

function offsetText(register: Register): string {
  const first = hex(register.offset, OFFSET_DIGITS);
  return register.array === undefined ? first : `${first} + ${String(register.array.strideBytes)}n`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function link(name: string): string {
  return `[${name}](#${name.toLowerCase()})`;
}
