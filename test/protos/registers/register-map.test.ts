import { describe, expect, it } from 'vitest';
import { cardRegisters, cardWindows, MAILBOX_WINDOW_BYTES, QUEUE_SLOTS } from '../../../protos/registers/card-registers.js';
import { fieldText, packFields, unpackField } from '../../../protos/registers/fields.js';
import { defineRegisters, type Field, type Register } from '../../../protos/registers/register-map.js';

function field(lsb: number, widthBits: number): Field {
  return { lsb, widthBits, description: 'A field.' };
}

function register(offset: number, changes: Partial<Register> = {}): Register {
  return { offset, widthBytes: 4, access: 'ro', description: 'A register.', fields: { VALUE: field(0, 32) }, ...changes };
}

describe('a register map is refused', () => {
  it.each<[string, Record<string, Register>, RegExp]>([
    ['when registers overlap', { A: register(0, { widthBytes: 8 }), B: register(4) }, /B overlaps A at 0x4/],
    ['when an array runs into a register', { A: register(0, { array: { count: 3, strideBytes: 4 } }), B: register(8) }, /B overlaps A at 0x8/],
    ['when an array overlaps itself', { A: register(0, { widthBytes: 8, array: { count: 2, strideBytes: 4 } }) }, /A overlaps A/],
    ['when a register lies in a window', { A: register(0x100) }, /WINDOW overlaps A/],
    ['when fields overlap', { A: register(0, { fields: { X: field(0, 4), Y: field(3, 2) } }) }, /A\.Y overlaps another field/],
    ['when a field leaves its register', { A: register(0, { fields: { X: field(30, 3) } }) }, /A\.X does not fit/],
    ['when a register is misaligned', { A: register(2) }, /A is not aligned/],
    ['when a wide register is misaligned', { A: register(4, { widthBytes: 8 }) }, /A is not aligned/],
    ['when a wide register can be written', { A: register(0, { widthBytes: 8, access: 'rw' }) }, /wider than a word/],
    ['when reset sets a reserved bit', { A: register(0, { reset: 2, fields: { X: field(0, 1) } }) }, /reserved bit/],
    [
      'when a value is too great for its field',
      { A: register(0, { fields: { X: { ...field(0, 2), values: [{ name: 'FOUR', value: 4 }] } } }) },
      /A\.X is too narrow for FOUR/,
    ],
    ['when a name would not do as a C macro', { 'a-b': register(0) }, /no name for a register/],
  ])('%s', (_when, registers, message) => {
    const windows = { WINDOW: { offset: 0x100, lengthBytes: 16, description: 'Memory.' } };
    expect(() => defineRegisters(registers, windows)).toThrow(message);
  });
});

describe('the map of the card', () => {
  it('begins with the four letters that say what it is', () => {
    const id = new Uint8Array(4);
    new DataView(id.buffer).setUint32(0, cardRegisters.ID.reset, true);
    expect(new TextDecoder().decode(id)).toBe('GLNK');
  });

  it('has room for a response as long as the window in its length fields', () => {
    expect(cardWindows.MAILBOX_WINDOW.lengthBytes).toBe(MAILBOX_WINDOW_BYTES);
    expect(() => packFields(cardRegisters.MAILBOX_RESPONSE, { LENGTH: MAILBOX_WINDOW_BYTES })).not.toThrow();
  });

  it('has a tail and, a word behind it, a head for each queue slot', () => {
    expect(cardRegisters.SQ_TAIL_DOORBELL.array.count).toBe(QUEUE_SLOTS);
    expect(cardRegisters.CQ_HEAD_DOORBELL.offset).toBe(cardRegisters.SQ_TAIL_DOORBELL.offset + 4);
  });
});

describe('fields', () => {
  it('go together into a value and come apart again', () => {
    const value = packFields(cardRegisters.CAPABILITIES, { MAX_QUEUE_DEPTH: 256, BLOCK_BYTES_LOG2: 9, PEER_PORT: true });
    expect(value).toBe(0x4_0009_0100n);
    expect(unpackField(cardRegisters.CAPABILITIES.fields.BLOCK_BYTES_LOG2, value)).toBe(9n);
    expect(unpackField(cardRegisters.CAPABILITIES.fields.FLASH_COPY, value)).toBe(0n);
  });

  it('refuse a value that would spill into their neighbour', () => {
    expect(() => packFields(cardRegisters.STATUS, { ROLE: 4 })).toThrow(/does not fit into the field ROLE/);
    expect(() => packFields(cardRegisters.STATUS, { ROLE: -1 })).toThrow(/does not fit/);
  });

  it('are told by the name of their value where it has one', () => {
    const value = packFields(cardRegisters.STATUS, { ROLE: 2, DISK_STATE: 1 });
    expect(fieldText(cardRegisters.STATUS.fields.ROLE, value)).toBe('PRIMARY');
    expect(fieldText(cardRegisters.STATUS.fields.DISK_STATE, value)).toBe('UP_TO_DATE');
    expect(fieldText(cardRegisters.STATUS.fields.READY, value)).toBe('0');
  });
});
