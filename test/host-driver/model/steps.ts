import fc from 'fast-check';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import type { HostDriver } from '../../../host-driver/index.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import type { BlockMap } from './block-map.js';
import { BLOCK_BYTES } from '../../../firmware/limits.js';
import { expectRegisters, readDirtyRuns } from './administration.js';
import { type Host, refusedWith } from './host.js';

/** One step of a host. Most only begin something, which ends while later steps are taken. */
type Step = fc.AsyncCommand<BlockMap, Host>;

function step(name: string, run: (host: Host) => void | Promise<void>): Step {
  return {
    check: () => true,
    toString: () => name,
    run: async (_model, host) => {
      await run(host);
      host.check();
    },
  };
}

interface BlockRange {
  readonly lba: number;
  readonly blocks: number;
}

const MOST_BLOCKS = 24;
/** Ranges begin in the first blocks, or reach into the last: few, so that they overlap. */
const SPAN_BLOCKS = 48;
const VOLUME_BLOCKS = SMALL_GEOMETRY.sizeBytes / BLOCK_BYTES;

const range: fc.Arbitrary<BlockRange> = fc
  .record({ atEnd: fc.boolean(), from: fc.nat(SPAN_BLOCKS), blocks: fc.nat(MOST_BLOCKS) })
  .map(({ atEnd, from, blocks }) => ({ lba: atEnd ? VOLUME_BLOCKS - from - blocks : from, blocks }));

const named = (name: string, { lba, blocks }: BlockRange, fua = false): string => `${name} ${String(blocks)} at ${String(lba)}${fua ? ', FUA' : ''}`;
const bytes = ({ lba, blocks }: BlockRange): [offsetBytes: number, lengthBytes: number] => [lba * BLOCK_BYTES, blocks * BLOCK_BYTES];

const write = fc.tuple(range, fc.boolean()).map(([where, fua]) => step(named('write', where, fua), (host) => {
  const { change, data } = host.model.write(where.lba, where.blocks);
  host.startChange(named('write', where, fua), change, fua, (driver) => driver.write(where.lba * BLOCK_BYTES, data, { fua }));
}));

const writeZeroes = fc.tuple(range, fc.boolean()).map(([where, fua]) => step(named('zero', where, fua), (host) => {
  const change = host.model.zero(where.lba, where.blocks);
  host.startChange(named('zero', where, fua), change, fua, (driver) => driver.writeZeroes(...bytes(where), { fua }));
}));

const discard = range.map((where) => step(named('discard', where), (host) => {
  host.startChange(named('discard', where), host.model.zero(where.lba, where.blocks), false, (driver) => driver.discard(...bytes(where)));
}));

const read = range.map((where) => step(named('read', where), (host) => {
  const outlook = host.model.outlook(where.lba, where.blocks);
  host.start(named('read', where), (driver) => driver.read(...bytes(where)), (content) => {
    host.expectContent(named('read', where), outlook, content);
  });
}));

const flush = fc.constant(step('flush', (host) => {
  const outlooks = host.model.outlooks();
  host.start('flush', (driver) => driver.flush(), () => { host.expectDurable('flush', outlooks); });
}));

const settle = fc.constant(step('settle', (host) => host.settle()));

const dirtyRuns = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 4 })).map(([firstGrain, maxRuns]) => {
  const name = `dirty runs from ${String(firstGrain)}, ${String(maxRuns)} a time`;
  return step(name, (host) => { readDirtyRuns(host, name, firstGrain, maxRuns); });
});

const registers = fc.constant(step('registers', (host) => { expectRegisters(host); }));

const cuts: Readonly<Record<string, (host: Host) => void>> = {
  'the host closes': ({ connection }) => { connection.driver.close(); },
  'the line is lost': ({ connection }) => { connection.channel.close(); },
  'the card hangs up on garbage': ({ connection }) => { connection.channel.send([Uint8Array.of(0x22, 0x7f, 1)]); },
};

const reconnect = fc.tuple(fc.constantFrom(...Object.keys(cuts)), fc.integer({ min: 1, max: 6 })).map(([how, queueDepth]) =>
  step(`${how}; connect with depth ${String(queueDepth)}`, async (host) => {
    host.connection.cut = true;
    cuts[how]?.(host);
    host.connection = { ...(await host.card.connect(queueDepth)), cut: false };
  }));

/** Every call that takes a range. */
const rangeCalls: Readonly<Record<string, (driver: HostDriver, offsetBytes: number, lengthBytes: number) => Promise<unknown>>> = {
  read: (driver, offsetBytes, lengthBytes) => driver.read(offsetBytes, lengthBytes),
  write: (driver, offsetBytes, lengthBytes) => driver.write(offsetBytes, new Uint8Array(lengthBytes).fill(0xee)),
  zero: (driver, offsetBytes, lengthBytes) => driver.writeZeroes(offsetBytes, lengthBytes),
  discard: (driver, offsetBytes, lengthBytes) => driver.discard(offsetBytes, lengthBytes),
};

function refused(offset: fc.Arbitrary<number>, length: fc.Arbitrary<number>, isRefusal: (error: unknown) => boolean): fc.Arbitrary<Step> {
  return fc.tuple(fc.constantFrom(...Object.keys(rangeCalls)), offset, length).map(([call, offsetBytes, lengthBytes]) => {
    const name = `${call} of ${String(lengthBytes)} bytes at ${String(offsetBytes)}, to be refused`;
    return step(name, (host) => {
      host.startRefused(name, async (driver) => rangeCalls[call]?.(driver, offsetBytes, lengthBytes), isRefusal);
    });
  });
}

const wholeBlocks = (most: number): fc.Arbitrary<number> => fc.nat(most).map((blocks) => blocks * BLOCK_BYTES);
const notWhole = fc.nat(SPAN_BLOCKS * BLOCK_BYTES).filter((count) => count % BLOCK_BYTES !== 0);

const misaligned = fc.oneof(
  refused(notWhole, wholeBlocks(MOST_BLOCKS), refusedWith(Status.MISALIGNED)),
  refused(wholeBlocks(SPAN_BLOCKS), notWhole, refusedWith(Status.MISALIGNED)),
);
/** From within the volume, from its end, and from far beyond. */
const pastTheEnd = fc.oneof(
  refused(wholeBlocks(MOST_BLOCKS - 1).map((before) => SMALL_GEOMETRY.sizeBytes - before), fc.constant(MOST_BLOCKS * BLOCK_BYTES), refusedWith(Status.OUT_OF_RANGE)),
  refused(wholeBlocks(2 ** 43).map((beyond) => SMALL_GEOMETRY.sizeBytes + beyond), fc.constant(BLOCK_BYTES), refusedWith(Status.OUT_OF_RANGE)),
);
const meaningless = refused(fc.constantFrom(-1, 0.5, NaN, Infinity, 2 ** 53), fc.constant(BLOCK_BYTES), (error) => error instanceof RangeError);

/** Steps of a host, changes and reads first of all. */
export function steps(): fc.Arbitrary<Iterable<Step>> {
  const often = [write, write, write, read, read];
  return fc.commands([...often, writeZeroes, discard, flush, settle, dirtyRuns, registers, reconnect, misaligned, pastTheEnd, meaningless], { maxCommands: 60, size: 'max' });
}
