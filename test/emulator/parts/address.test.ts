import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../../../emulator/parts/address.js';

describe('an address', () => {
  it.each([
    ['tcp://127.0.0.1:7001', { kind: 'tcp', host: '127.0.0.1', port: 7001 }],
    ['tcp://card-b.example:65535', { kind: 'tcp', host: 'card-b.example', port: 65535 }],
    ['tcp://[::1]:7001', { kind: 'tcp', host: '::1', port: 7001 }],
    ['tcp://localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }],
    ['serial:///dev/ttyUSB0?baud=9600', { kind: 'serial', path: '/dev/ttyUSB0', baud: 9600 }],
  ])('%s is read, and written the same', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
    expect(formatAddress(parseAddress(text))).toBe(text);
  });

  it('without a baud rate takes the usual one', () => {
    expect(parseAddress('serial:///dev/ttyS0')).toEqual({ kind: 'serial', path: '/dev/ttyS0', baud: 115_200 });
  });

  it.each([
    '',
    'localhost:7001',
    'http://localhost:7001',
    'tcp://localhost',
    'tcp://:7001',
    'tcp://localhost:65536',
    'tcp://localhost:70x',
    'tcp://user@localhost:70',
    'tcp://::1:7001',
    'tcp://localhost:7001/path',
    'serial://ttyUSB0',
    'serial:///dev/ttyUSB0?baud=',
    'serial:///dev/ttyUSB0?baud=fast',
    'serial:///dev/ttyUSB0?baud=9600&baud=1200',
    'serial:///dev/ttyUSB0?baud=1',
    'serial:///dev/ttyUSB0?speed=9600',
    `tcp://${'a'.repeat(300)}:1`,
  ])('"%s" is refused, with a word on how to write one', (text) => {
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID', message: expect.stringMatching(/Write tcp:\/\/HOST:PORT or serial:\/\/\//) }));
  });
});
