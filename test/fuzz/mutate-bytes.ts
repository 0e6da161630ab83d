import { MAX_PART_BYTES } from './input-file.js';

/** A random number below a bound. */
export type Below = (bound: number) => number;

/** Numbers at which something ends: of a byte, of lengths and of counts in their usual widths. */
const EDGES = [0, 1, 2, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 511, 512, 4095, 4096, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const INSERTED_BYTES = 32;

type Mutation = (bytes: Uint8Array, below: Below) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  // One bit.
  (bytes, below) => replaced(bytes, below(bytes.length), (byte) => byte ^ (1 << below(8))),
  // One byte: any, one more, one less.
  (bytes, below) => replaced(bytes, below(bytes.length), () => below(256)),
  (bytes, below) => replaced(bytes, below(bytes.length), (byte) => byte + 1),
  (bytes, below) => replaced(bytes, below(bytes.length), (byte) => byte - 1),
  // A number at an edge, little endian, in one to eight bytes.
  (bytes, below) => {
    const edge = EDGES[below(EDGES.length)] ?? 0;
    const word = new Uint8Array(8);
    new DataView(word.buffer).setBigUint64(0, below(4) === 0 ? -BigInt(edge) : BigInt(edge), true);
    return overwritten(bytes, below(bytes.length), word.subarray(0, 1 << below(4)));
  },
  // Some bytes cut out, cut off, put in, or doubled.
  (bytes, below) => {
    const [from, to] = range(bytes, below);
    return joined(bytes.subarray(0, from), bytes.subarray(to));
  },
  (bytes, below) => bytes.slice(0, below(bytes.length)),
  (bytes, below) => {
    const at = below(bytes.length + 1);
    const more = Uint8Array.from({ length: 1 + below(INSERTED_BYTES) }, () => below(256));
    return joined(bytes.subarray(0, at), more, bytes.subarray(at));
  },
  (bytes, below) => {
    const [from, to] = range(bytes, below);
    return joined(bytes.subarray(0, to), bytes.subarray(from));
  },
  // Some bytes in another place.
  (bytes, below) => {
    const [from, to] = range(bytes, below);
    return overwritten(bytes, below(bytes.length), bytes.slice(from, to));
  },
];

/** Other bytes, made of these by one change. */
export function mutateBytes(bytes: Uint8Array, below: Below): Uint8Array {
  if (bytes.length === 0) return Uint8Array.from({ length: 1 + below(INSERTED_BYTES) }, () => below(256));
  const mutation = MUTATIONS[below(MUTATIONS.length)];
  return (mutation?.(bytes, below) ?? bytes).subarray(0, MAX_PART_BYTES);
}

function range(bytes: Uint8Array, below: Below): [from: number, to: number] {
  const from = below(bytes.length);
  // Short ones more often.
  const most = Math.min(bytes.length - from, 1 << below(12));
  return [from, from + 1 + below(most)];
}

function replaced(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = change(copy[at] ?? 0);
  return copy;
}

function overwritten(bytes: Uint8Array, at: number, by: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.set(by.subarray(0, copy.length - at), at);
  return copy;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
