/** Where a host, a card or a serial line is found. */
export type Address = TcpAddress | SerialAddress;

export interface TcpAddress {
  readonly kind: 'tcp';
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string;
  /** 0 lets a listener choose. */
  readonly port: number;
}

export interface SerialAddress {
  readonly kind: 'serial';
  /** Absolute path of the device. */
  readonly path: string;
  readonly baud: number;
}

/** For errors: how an address is written. */
export const ADDRESS_FORMS = 'tcp://HOST:PORT or serial:///dev/ttyUSB0?baud=115200';

/** Baud rates that are believed: from the slowest modems to what USB adapters reach. */
export const MIN_BAUD = 300;
export const MAX_BAUD = 12_000_000;
/** What a serial line runs at when its address does not say. */
export const DEFAULT_BAUD = 115_200;

const TCP = /^tcp:\/\/(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s/:[\]?#@]+)):(\d{1,5})\/?$/;
const SERIAL = /^serial:\/\/(\/[^?#]+)(?:\?([^#]*))?$/;
const MAX_PORT = 65_535;

/** Makes the error for an address that is none; `reason` goes on behind the address: "has no host and port". */
export type Refuse = (reason: string) => Error;

/**
 * Reads `tcp://HOST:PORT` (an IPv6 address in brackets) or `serial:///dev/…?baud=…` (special characters of the
 * path as %20).
 * @throws what `refuse` makes.
 */
export function parseAddress(text: string, refuse: Refuse): Address {
  if (text.startsWith('tcp:')) return parseTcp(text, refuse);
  if (text.startsWith('serial:')) return parseSerial(text, refuse);
  throw refuse('begins with neither tcp:// nor serial://');
}

/** The text that {@link parseAddress} reads back. */
export function formatAddress(address: Address): string {
  if (address.kind === 'serial') {
    const path = encodeURI(address.path).replace(/[?#]/g, encodeURIComponent);
    return `serial://${path}?baud=${String(address.baud)}`;
  }
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `tcp://${host}:${String(address.port)}`;
}

function parseTcp(text: string, refuse: Refuse): TcpAddress {
  const match = TCP.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined) throw refuse('has no host and port');
  if (port > MAX_PORT) throw refuse(`names port ${String(port)}, and ports end at ${String(MAX_PORT)}`);
  return { kind: 'tcp', host, port };
}

function parseSerial(text: string, refuse: Refuse): SerialAddress {
  const match = SERIAL.exec(text);
  const path = match?.[1];
  if (path === undefined) throw refuse('has no absolute path of a device; note the three slashes');
  const options = (match?.[2] ?? '').split('&').filter((option) => option !== '');
  const unknown = options.find((option) => !option.startsWith('baud='));
  if (unknown !== undefined) throw refuse(`has the unknown option "${unknown}"`);
  return { kind: 'serial', path: decoded(path, refuse), baud: parseBaud(options, refuse) };
}

function parseBaud(options: readonly string[], refuse: Refuse): number {
  const [option, second] = options;
  if (option === undefined) return DEFAULT_BAUD;
  const digits = option.slice('baud='.length);
  const baud = Number(digits);
  if (second !== undefined || !/^\d+$/.test(digits) || baud < MIN_BAUD || baud > MAX_BAUD) {
    throw refuse(`needs one baud rate from ${String(MIN_BAUD)} to ${String(MAX_BAUD)}`);
  }
  return baud;
}

function decoded(path: string, refuse: Refuse): string {
  let text: string;
  try {
    text = decodeURIComponent(path);
  } catch {
    throw refuse('has a % in its path that is not followed by the hexadecimal digits of a character');
  }
  if (text.includes('\0')) throw refuse('has a path that no file can have');
  return text;
}
