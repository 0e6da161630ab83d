import { MAX_ADDRESS_BYTES } from '../../firmware/limits.js';
import { emulatorErrors } from '../errors.js';
import { DEFAULT_BAUD, MAX_BAUD, MIN_BAUD } from '../limits.js';

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

const TCP = /^tcp:\/\/(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s/:[\]?#@]+)):(\d{1,5})\/?$/;
const SERIAL = /^serial:\/\/(\/[^?#]+)(?:\?(.*))?$/;
const MAX_PORT = 65_535;

/**
 * Reads `tcp://HOST:PORT` (an IPv6 address in brackets) or `serial:///dev/…?baud=…`.
 * @throws EmulatorError ADDRESS_INVALID
 */
export function parseAddress(text: string): Address {
  if (Buffer.byteLength(text) > MAX_ADDRESS_BYTES) {
    throw emulatorErrors.addressInvalid(`${text.slice(0, 40)}…`, `is longer than ${String(MAX_ADDRESS_BYTES)} bytes`);
  }
  if (text.startsWith('tcp:')) return parseTcp(text);
  if (text.startsWith('serial:')) return parseSerial(text);
  throw emulatorErrors.addressInvalid(text, 'begins with neither tcp:// nor serial://');
}

/** The text that {@link parseAddress} reads back. */
export function formatAddress(address: Address): string {
  if (address.kind === 'serial') return `serial://${address.path}?baud=${String(address.baud)}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `tcp://${host}:${String(address.port)}`;
}

function parseTcp(text: string): TcpAddress {
  const match = TCP.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined) throw emulatorErrors.addressInvalid(text, 'has no host and port');
  if (port > MAX_PORT) throw emulatorErrors.addressInvalid(text, `names port ${String(port)}, and ports end at ${String(MAX_PORT)}`);
  return { kind: 'tcp', host, port };
}

function parseSerial(text: string): SerialAddress {
  const match = SERIAL.exec(text);
  const path = match?.[1];
  if (path === undefined) throw emulatorErrors.addressInvalid(text, 'has no absolute path of a device');
  const options = new URLSearchParams(match?.[2] ?? '');
  for (const name of options.keys()) {
    if (name !== 'baud') throw emulatorErrors.addressInvalid(text, `has the unknown option "${name}"`);
  }
  return { kind: 'serial', path, baud: parseBaud(text, options.getAll('baud')) };
}

function parseBaud(text: string, values: readonly string[]): number {
  const [value] = values;
  if (value === undefined) return DEFAULT_BAUD;
  const baud = Number(value);
  if (values.length > 1 || !/^\d+$/.test(value) || baud < MIN_BAUD || baud > MAX_BAUD) {
    throw emulatorErrors.addressInvalid(text, `needs one baud rate between ${String(MIN_BAUD)} and ${String(MAX_BAUD)}`);
  }
  return baud;
}
