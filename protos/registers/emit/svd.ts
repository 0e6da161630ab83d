import type { Access, Field, Register, Registers, Windows } from '../register-map.js';
import { fieldsInOrder, GENERATED_BANNER, hex, mapVersion, registersInOrder } from './layout.js';

/*
 * CMSIS-SVD 1.3, for debuggers and code generators that show or know registers. The schema is strict about
 * the order of elements; the order here is its.
 */

const BITS_PER_BYTE = 8;

/** How SVD says what an access word means: kind of access, and what a write or a read does besides. */
const svdAccess: Readonly<Record<Access, { access: string; written?: string; read?: string }>> = {
  ro: { access: 'read-only' },
  rw: { access: 'read-write' },
  wo: { access: 'write-only' },
  rw1c: { access: 'read-write', written: 'oneToClear' },
  rw1s: { access: 'read-write', written: 'oneToSet' },
  rc: { access: 'read-only', read: 'clear' },
};

export function emitSvd(registers: Registers, windows: Windows): string {
  const device = element('device', DEVICE_ATTRIBUTES, [
    leaf('vendor', 'grainlink'),
    leaf('name', 'GRAINLINK'),
    leaf('version', mapVersion),
    leaf('description', 'Storage adapter card for remote copy.'),
    leaf('addressUnitBits', String(BITS_PER_BYTE)),
    leaf('width', '32'),
    leaf('size', '32'),
    element('peripherals', '', [cardPeripheral(registers, windows)]),
  ]);
  return ['<?xml version="1.0" encoding="utf-8"?>', `<!-- ${GENERATED_BANNER} -->`, ...device, ''].join('\n');
}

const DEVICE_ATTRIBUTES =
  ' schemaVersion="1.3" xmlns:xs="http://www.w3.org/2001/XMLSchema-instance" xs:noNamespaceSchemaLocation="CMSIS-SVD.xsd"';

type Lines = readonly string[];

function cardPeripheral(registers: Registers, windows: Windows): Lines {
  const inOrder = registersInOrder(registers);
  const registerBytes = Math.max(...inOrder.map(([, register]) => endOffset(register)));
  return element('peripheral', '', [
    leaf('name', 'CARD'),
    leaf('description', 'Register space of the card.'),
    leaf('baseAddress', '0x00000000'),
    addressBlock(0, registerBytes, 'registers'),
    ...Object.values(windows).map((window) => addressBlock(window.offset, window.lengthBytes, 'buffer')),
    element('registers', '', inOrder.map(([name, register]) => registerElement(name, register))),
  ]);
}

function endOffset(register: Register): number {
  const { count, strideBytes } = register.array ?? { count: 1, strideBytes: 0 };
  return register.offset + (count - 1) * strideBytes + register.widthBytes;
}

function addressBlock(offset: number, sizeBytes: number, usage: string): Lines {
  return element('addressBlock', '', [leaf('offset', hex(offset, 8)), leaf('size', hex(sizeBytes, 8)), leaf('usage', usage)]);
}

function registerElement(name: string, register: Register): Lines {
  const { access, written, read } = svdAccess[register.access];
  const { array } = register;
  return element('register', '', [
    ...(array === undefined ? [] : [leaf('dim', String(array.count)), leaf('dimIncrement', String(array.strideBytes))]),
    leaf('name', array === undefined ? name : `${name}_%s`),
    leaf('description', register.description),
    leaf('addressOffset', hex(register.offset, 8)),
    leaf('size', String(register.widthBytes * BITS_PER_BYTE)),
    leaf('access', access),
    ...resetElements(register),
    ...(written === undefined ? [] : [leaf('modifiedWriteValues', written)]),
    ...(read === undefined ? [] : [leaf('readAction', read)]),
    element('fields', '', fieldsInOrder(register).map(([fieldName, field]) => fieldElement(fieldName, field))),
  ]);
}

/** A mask of zero says that no bit has a known value at reset. */
function resetElements(register: Register): readonly Lines[] {
  const digits = register.widthBytes * 2;
  const { reset } = register;
  if (reset === undefined) return [leaf('resetValue', hex(0, digits)), leaf('resetMask', hex(0, digits))];
  return [leaf('resetValue', hex(reset, digits)), leaf('resetMask', `0x${'f'.repeat(digits)}`)];
}

function fieldElement(name: string, field: Field): Lines {
  return element('field', '', [
    leaf('name', name),
    leaf('description', field.description),
    leaf('bitOffset', String(field.lsb)),
    leaf('bitWidth', String(field.widthBits)),
    ...(field.values === undefined ? [] : [enumeratedValues(field.values)]),
  ]);
}

function enumeratedValues(values: NonNullable<Field['values']>): Lines {
  return element(
    'enumeratedValues',
    '',
    values.map(({ name, value }) => element('enumeratedValue', '', [leaf('name', name), leaf('value', String(value))])),
  );
}

function leaf(tag: string, text: string): Lines {
  return [`<${tag}>${escapeXml(text)}</${tag}>`];
}

function element(tag: string, attributes: string, children: readonly Lines[]): Lines {
  return [`<${tag}${attributes}>`, ...children.flat().map((line) => `  ${line}`), `</${tag}>`];
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
