import { type Address, ADDRESS_FORMS, parseAddress as parse } from '../protos/lines/address.js';

/**
 * Reads where a card is to be found.
 * @throws RangeError that says what an address looks like.
 */
export function parseAddress(text: string): Address {
  const refuse = (reason: string): RangeError => new RangeError(`the address "${text}" ${reason}; write ${ADDRESS_FORMS}`);
  const address = parse(text, refuse);
  // Only a listener can leave the choice of a port open.
  if (address.kind === 'tcp' && address.port === 0) throw refuse('names port 0, where nobody can be reached');
  return address;
}
