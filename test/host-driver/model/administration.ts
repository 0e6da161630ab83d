import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import type { HostDriver } from '../../../host-driver/index.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { type Host, refusedWith } from './host.js';

/** "GLNK", little-endian. */
const CARD_ID = 0x4b4e4c47n;
const NO_REGISTER = 0xfff0;
const GRAINS = BigInt(SMALL_GEOMETRY.sizeBytes / SMALL_GEOMETRY.grainBytes);

/** Grains that are dirty for certain, or perhaps: a primary without a link keeps the bit of all it wrote (rule 2). */
function dirtyGrains(host: Host, certainly: boolean): Set<number> {
  const { grainBytes } = SMALL_GEOMETRY;
  return new Set(host.model.changedBlocks(certainly).map((lba) => Math.floor((lba * host.blockBytes) / grainBytes)));
}

/** Asks for all dirty grains, a few runs a time, while hosts write on. */
export function readDirtyRuns(host: Host, name: string, firstGrain: number, maxRuns: number): void {
  const certain = dirtyGrains(host, true);
  host.start(name, (driver) => allDirtyRuns(driver, firstGrain, maxRuns), (dirty) => {
    const perhaps = dirtyGrains(host, false);
    const missing = [...certain].filter((grain) => grain >= firstGrain && !dirty.has(grain));
    const excess = [...dirty].filter((grain) => grain < firstGrain || !perhaps.has(grain));
    if (missing.length > 0) host.faults.push(`${name}: grains ${missing.join(', ')} are not dirty`);
    if (excess.length > 0) host.faults.push(`${name}: grains ${excess.join(', ')} are dirty`);
  });
}

async function allDirtyRuns(driver: HostDriver, firstGrain: number, maxRuns: number): Promise<Set<number>> {
  const dirty = new Set<number>();
  for (let from = BigInt(firstGrain); from < GRAINS;) {
    const { runs, nextGrain } = await driver.dirtyRuns({ firstGrain: from, maxRuns });
    if (runs.length > maxRuns) throw new Error(`${String(runs.length)} runs instead of ${String(maxRuns)}`);
    for (const run of runs) for (let grain = run.firstGrain; grain < run.firstGrain + run.grains; grain += 1n) dirty.add(Number(grain));
    if (nextGrain <= from) throw new Error(`after grain ${String(from)} comes ${String(nextGrain)}`);
    from = nextGrain;
  }
  return dirty;
}

/** Registers that are known, one that counts, and two accesses that the card refuses. */
export function expectRegisters(host: Host): void {
  const certain = dirtyGrains(host, true).size;
  host.start('register ID', (driver) => driver.readRegister('ID'), (value) => {
    if (value !== CARD_ID) host.faults.push(`register ID is ${String(value)}`);
  });
  host.start('register DIRTY_COUNT', (driver) => driver.readRegister('DIRTY_COUNT'), (value) => {
    const perhaps = dirtyGrains(host, false).size;
    if (value < BigInt(certain) || value > BigInt(perhaps)) host.faults.push(`register DIRTY_COUNT is ${String(value)}, not ${String(certain)} to ${String(perhaps)}`);
  });
  host.startRefused('an unknown register', (driver) => driver.readRegister(NO_REGISTER), refusedWith(Status.UNKNOWN_REGISTER));
  host.startRefused('a write to register ID', (driver) => driver.writeRegister('ID', 0), refusedWith(Status.REGISTER_NOT_WRITABLE));
}
