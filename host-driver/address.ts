import { DEFAULT_BAUD, MAX_BAUD, MIN_BAUD } from './limits.js';

/** Where a card is to be found. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'serial'; readonly path: string; readonly baud: number };

const FORMS = 'tcp://HOST:PORT or serial:///dev/ttyUSB0?baud=115200';
const MAX_PORT = 65_535;

/** @throws RangeError that says what an address looks like. */
export function parseAddress(address: string): Address {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'tcp:') return tcpAddress(url, address);
  if (url?.protocol === 'serial:') return serialAddress(url, address);
  throw new RangeError(`"${address}" is not the address of a card; write ${FORMS}`);
}

function tcpAddress(url: URL, address: string): Address {
  const port = Number(url.port);
  if (url.hostname === '' || !(port >= 1 && port <= MAX_PORT) || !['', '/'].includes(url.pathname) || url.search !== '') {
    throw new RangeError(`"${address}" is not tcp://HOST:PORT with a port from 1 to ${String(MAX_PORT)}`);
  }
  // An IPv6 address stands in brackets in a URL, and without them in a socket call.
  return { kind: 'tcp', host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
}

function serialAddress(url: URL, address: string): Address {
  const baud = Number(url.searchParams.get('baud') ?? DEFAULT_BAUD);
  const unknown = [...url.searchParams.keys()].filter((key) => key !== 'baud');
  if (url.host !== '' || url.pathname.length < 2 || unknown.length > 0) {
    throw new RangeError(`"${address}" is not serial:///PATH/OF/PORT?baud=BAUD; note the three slashes`);
  }
  if (!Number.isInteger(baud) || baud < MIN_BAUD || baud > MAX_BAUD) {
    throw new RangeError(`the baud rate of "${address}" is not a whole number from ${String(MIN_BAUD)} to ${String(MAX_BAUD)}`);
  }
  return { kind: 'serial', path: decoded(url.pathname, address), baud };
}

function decoded(path: string, address: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new RangeError(`the path of "${address}" has a % that is not followed by two hexadecimal digits`);
  }
}
