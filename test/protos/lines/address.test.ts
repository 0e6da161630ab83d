import { describe, expect, it } from 'vitest';
import { type Address, formatAddress, parseAddress } from '../../../protos/lines/address.js';

class Refused extends Error {}
const read = (text: string): Address => parseAddress(text, (reason) => new Refused(reason));

describe('an address', () => {
  it.each([
    ['tcp://127.0.0.1:7001', { kind: 'tcp', host: '127.0.0.1', port: 7001 }],
    ['tcp://card-b.example:65535', { kind: 'tcp', host: 'card-b.example', port: 65_535 }],
    ['tcp://[::1]:7001', { kind: 'tcp', host: '::1', port: 7001 }],
    ['tcp://localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }],
    ['serial:///dev/ttyUSB0?baud=9600', { kind: 'serial', path: '/dev/ttyUSB0', baud: 9600 }],
    ['serial:///dev/serial/by-id/a%20b%3F%23%25?baud=300', { kind: 'serial', path: '/dev/serial/by-id/a b?#%', baud: 300 }],
  ])('%s is read, and written the same', (text, address) => {
    expect(read(text)).toEqual(address);
    expect(formatAddress(read(text))).toBe(text);
  });

  it('may end with a slash', () => {
    expect(read('tcp://card.example:1/')).toEqual({ kind: 'tcp', host: 'card.example', port: 1 });
  });

  it.each(['serial:///dev/ttyS0', 'serial:///dev/ttyS0?'])('%s takes the usual baud rate', (text) => {
    expect(read(text)).toEqual({ kind: 'serial', path: '/dev/ttyS0', baud: 115_200 });
  });

  it.each([
    ['', /neither tcp:\/\/ nor serial:\/\//],
    ['localhost:7001', /neither/],
    ['http://localhost:7001', /neither/],
    ['tcp://', /no host and port/],
    ['tcp://localhost', /no host and port/],
    ['tcp://:7001', /no host and port/],
    ['tcp://localhost:65536', /port 65536, and ports end at 65535/],
    ['tcp://localhost:70x', /no host and port/],
    ['tcp://user@localhost:70', /no host and port/],
    ['tcp://::1:7001', /no host and port/],
    ['tcp://localhost:7001/path', /no host and port/],
    ['tcp://localhost:7001?x=1', /no host and port/],
    ['serial://', /three slashes/],
    ['serial:///', /three slashes/],
    ['serial://ttyUSB0', /three slashes/],
    ['serial:///dev/ttyUSB0?baud=', /one baud rate from 300 to 12000000/],
    ['serial:///dev/ttyUSB0?baud=fast', /one baud rate/],
    ['serial:///dev/ttyUSB0?baud=9600&baud=1200', /one baud rate/],
    ['serial:///dev/ttyUSB0?baud=1', /one baud rate/],
    ['serial:///dev/ttyUSB0?baud=12000001', /one baud rate/],
    ['serial:///dev/ttyUSB0?speed=9600', /unknown option "speed=9600"/],
    ['serial:///dev/%zz', /% in its path/],
    ['serial:///dev/tty%00', /no file can have/],
  ])('"%s" is refused with the reason', (text, reason) => {
    expect(() => read(text)).toThrow(Refused);
    expect(() => read(text)).toThrow(reason);
  });
});
