import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../emulator/parts/address.js';

describe('an address that is given to a card', () => {
  it('may leave the port to a listener', () => {
    expect(parseAddress('tcp://localhost:0')).toEqual({ kind: 'tcp', host: 'localhost', port: 0 });
  });

  it.each([
    ['', /nor serial:\/\//],
    ['serial://ttyUSB0', /three slashes/],
    [`tcp://${'a'.repeat(300)}:1`, /longer than 256 bytes/],
  ])('"%s" is refused, with a word on how to write one', (text, reason) => {
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID', message: expect.stringMatching(/Write tcp:\/\/HOST:PORT or serial:\/\/\//) }));
    expect(() => parseAddress(text)).toThrow(reason);
  });
});
