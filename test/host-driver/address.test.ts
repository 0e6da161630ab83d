import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../host-driver/address.js';

describe('parseAddress', () => {
  it.each([
    ['tcp://127.0.0.1:7001', { kind: 'tcp', host: '127.0.0.1', port: 7001 }],
    ['tcp://card.example:1/', { kind: 'tcp', host: 'card.example', port: 1 }],
    ['tcp://[::1]:65535', { kind: 'tcp', host: '::1', port: 65_535 }],
    ['serial:///dev/ttyUSB0', { kind: 'serial', path: '/dev/ttyUSB0', baud: 115_200 }],
    ['serial:///dev/ttyUSB0?baud=9600', { kind: 'serial', path: '/dev/ttyUSB0', baud: 9600 }],
    ['serial:///dev/serial/by-id/a%20b', { kind: 'serial', path: '/dev/serial/by-id/a b', baud: 115_200 }],
  ])('reads %s', (address, place) => {
    expect(parseAddress(address)).toEqual(place);
  });

  it.each([
    '', 'localhost:7001', 'http://127.0.0.1:7001', 'tcp://', 'tcp://127.0.0.1', 'tcp://127.0.0.1:0', 'tcp://127.0.0.1:70000',
    'tcp://127.0.0.1:7001/path', 'tcp://127.0.0.1:7001?x=1', 'serial://', 'serial:///', 'serial://dev/ttyUSB0',
    'serial:///dev/ttyUSB0?baud=fast', 'serial:///dev/ttyUSB0?baud=1', 'serial:///dev/ttyUSB0?parity=even', 'serial:///dev/%zz',
  ])('refuses "%s" with what to write', (address) => {
    expect(() => parseAddress(address)).toThrow(RangeError);
  });
});
