import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../host-driver/address.js';

describe('the address of a card', () => {
  it.each([
    ['tcp://[::1]:65535', { kind: 'tcp', host: '::1', port: 65_535 }],
    ['serial:///dev/ttyUSB0', { kind: 'serial', path: '/dev/ttyUSB0', baud: 115_200 }],
  ])('is read from %s', (address, place) => {
    expect(parseAddress(address)).toEqual(place);
  });

  it.each(['', 'localhost:7001', 'tcp://127.0.0.1:0', 'serial://dev/ttyUSB0', 'serial:///dev/%zz'])('is not "%s": that is refused with what to write', (address) => {
    expect(() => parseAddress(address)).toThrow(RangeError);
    expect(() => parseAddress(address)).toThrow(/write tcp:\/\/HOST:PORT or serial:\/\/\//);
  });
});
