import { parseAddress } from './address.js';
import { serialTransport } from './serial-transport.js';
import { tcpTransport } from './tcp-transport.js';
import type { Transport } from './transport.js';

/**
 * Opens the line that `address` names: `tcp://HOST:PORT` or `serial:///dev/ttyUSB0?baud=115200`.
 * @throws RangeError when it names none; ConnectionLostError or TimeoutError when there is nobody.
 */
export async function connect(address: string, timeoutMs: number): Promise<Transport> {
  const place = parseAddress(address);
  if (place.kind === 'tcp') return tcpTransport(place.host, place.port, timeoutMs);
  return serialTransport(place.path, place.baud);
}
