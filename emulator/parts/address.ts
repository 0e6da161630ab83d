import { MAX_ADDRESS_BYTES } from '../../firmware/limits.js';
import { type Address, parseAddress as parse } from '../../protos/lines/address.js';
import { emulatorErrors } from '../errors.js';

/**
 * Reads an address that the card can keep.
 * @throws EmulatorError ADDRESS_INVALID
 */
export function parseAddress(text: string): Address {
  if (Buffer.byteLength(text) > MAX_ADDRESS_BYTES) {
    throw emulatorErrors.addressInvalid(`${text.slice(0, 40)}…`, `is longer than ${String(MAX_ADDRESS_BYTES)} bytes`);
  }
  return parse(text, (reason) => emulatorErrors.addressInvalid(text, reason));
}
