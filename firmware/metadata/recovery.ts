import { create } from '@bufbuild/protobuf';
import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { ControlBlockSchema, FlashCopySchema, LoadState } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { NVRAM_LINE_BYTES, type Hal } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import { CONTROL_BLOCK_BYTES, MAX_NVRAM_BYTES } from '../limits.js';
import { CommandError } from '../errors.js';
import { CONTROL_BLOCK_VERSION, type Control, ControlStore, readControlBlocks } from './control-store.js';
import { becomeStandalone } from './forget-relationship.js';
import { newGeneration } from './generation.js';
import { GrainMap } from './grain-map.js';
import { type Geometry, geometryError, layoutOf, type NvramLayout, type Region } from './nvram-layout.js';
import { PositionStore } from './position-store.js';
import { type Rescued, sameButForCounter, SuperblockStore } from './superblock.js';

/** Everything of the card that outlives a power cut, data aside. */
export interface DurableState {
  readonly geometry: Geometry;
  readonly layout: NvramLayout;
  readonly control: ControlStore;
  readonly dirty: GrainMap;
  readonly written: GrainMap;
  readonly t0Written: GrainMap;
  /** The T0 index region of the NVRAM working copy. */
  readonly t0Index: Uint8Array;
  readonly position: PositionStore;
  /** What was found wrong, for the error log. */
  readonly findings: readonly Finding[];
}

export interface Finding {
  readonly status: Status;
  readonly detail: string;
}

/** More commits than a card makes between two superblocks. */
const COMMITS_BITS = 32n;
const CONTROL_REGIONS: readonly [Region, Region] = [
  { offsetBytes: 0, lengthBytes: CONTROL_BLOCK_BYTES },
  { offsetBytes: CONTROL_BLOCK_BYTES, lengthBytes: CONTROL_BLOCK_BYTES },
];

/**
 * Finds out what the card is after power-up. Damage turns into dirty, never into clean (rule 14).
 * Everything it changes it changes in an order that a further cut may interrupt anywhere: maps first,
 * what depends on them last.
 *
 * @throws CommandError NOT_FORMATTED when neither NVRAM nor disk knows the card.
 */
export function* recover(loop: EventLoop, hal: Hal): Task<DurableState> {
  if (hal.nvram.sizeBytes > MAX_NVRAM_BYTES) throw new CommandError(Status.NOT_FORMATTED, 'the NVRAM is larger than the card can use');
  const findings: Finding[] = [];
  const { bytes: image, damagedLines, doubtful } = hal.nvram.powerUp();
  const damage = new DamagedLines(damagedLines);
  if (damagedLines.length > 0) findings.push({ status: Status.NVRAM_DAMAGED, detail: `${String(damagedLines.length)} lines` });
  if (doubtful) findings.push({ status: Status.NVRAM_DOUBTFUL, detail: 'the machine went down without a clean shutdown' });

  const superblocks = new SuperblockStore(loop, hal);
  const { superblock, damaged: superblockDamaged } = yield* superblocks.read();
  const found = readControlBlocks(hal.digest, image, CONTROL_REGIONS, (region) => damage.touches(region));
  const known: Rescued | undefined = found.control ?? superblock;
  const identity = known?.identity;
  if (known === undefined || identity === undefined) throw new CommandError(Status.NOT_FORMATTED, 'no valid control block and no valid superblock');
  if (superblockDamaged) findings.push({ status: Status.SUPERBLOCK_DAMAGED, detail: 'a copy was missing and is written anew' });

  const geometry: Geometry = {
    sizeBytes: Number(identity.sizeBytes),
    grainBytes: identity.grainBytes,
    nvramBytes: hal.nvram.sizeBytes,
    storeBytes: hal.store.sizeBytes,
  };
  const wrong = geometryError(geometry);
  if (wrong !== undefined) throw new CommandError(Status.NOT_FORMATTED, wrong);
  if (hal.volume.sizeBytes !== geometry.sizeBytes) {
    throw new CommandError(Status.NOT_FORMATTED, 'the disk is not of the size that the card was formatted with');
  }
  const layout = layoutOf(geometry);

  damage.fill(image, layout.dirty, 0xff);
  damage.fill(image, layout.written, 0xff);
  damage.fill(image, layout.t0Written, 0);
  damage.fill(image, layout.t0Index, 0);
  for (const line of layout.positions) damage.fill(image, line, 0);
  const dirty = new GrainMap(loop, hal.nvram, layout.dirty, layout.grains, image);
  const written = new GrainMap(loop, hal.nvram, layout.written, layout.grains, image);
  const t0Written = new GrainMap(loop, hal.nvram, layout.t0Written, layout.grains, image);
  const position = new PositionStore(loop, hal.nvram, layout.positions, image);

  const lost = found.control === undefined;
  if (lost) findings.push({ status: Status.NVRAM_DAMAGED, detail: 'both control blocks; the superblock took over' });

  if (lost || doubtful) yield* dirty.setAll();
  // A damaged line of the written map reads as written: content may change, so it is dirty as well.
  for (const line of damage.linesOf(layout.written)) {
    const { first, grains } = dirty.grainsOfLine(line);
    yield* dirty.set(first, grains);
  }
  for (const region of [layout.dirty, layout.written, layout.t0Written, layout.t0Index, ...layout.positions]) {
    yield* repair(loop, hal, image, region, damage);
  }

  const initial: Control = found.control ?? controlFromSuperblock(hal, { ...known, identity });
  // A cut may have come between the copies, or between NVRAM and superblock: each has to be able to take over.
  if (found.behind.length > 0 || superblockDamaged || superblock === undefined || !sameButForCounter(superblock, initial)) {
    yield* numberAnew(superblocks, initial, geometry);
  }
  // A damaged copy is believed only once NVRAM was told of the recovery, whatever is written there by then. Until
  // then the good one, if there is one, is what further boots go by, and no cut may tear it.
  const control = new ControlStore(loop, hal, found.behind.length === 1 ? found.behind : CONTROL_REGIONS, superblocks, geometry, initial);
  if (found.behind.length > 0) yield* control.commit(() => undefined);
  yield* endHalfEstablishment(control);
  const t0Lost =
    doubtful || damage.touches(layout.t0Written) || damage.touches(layout.t0Index) || layout.positions.every((line) => damage.touches(line));
  // A dirty map that is lost changes no content, and one in doubt has lost nothing that was flushed: only what reads as
  // written may now be what it never was (rule 12).
  yield* settleDamage(control, { t0Lost, inconsistent: lost || damage.touches(layout.written) });
  // Twice again, before the loss of one line is forgotten: nobody would notice the loss of the other (rule 6).
  if (position.current !== undefined && layout.positions.some((line) => damage.touches(line))) yield* position.advance(position.current);
  yield* loop.run<void>((done) => { hal.nvram.recovered(done); });
  yield* control.evenOut(CONTROL_REGIONS);

  const t0Index = image.subarray(layout.t0Index.offsetBytes, layout.t0Index.offsetBytes + layout.t0Index.lengthBytes);
  return { geometry, layout, control, dirty, written, t0Written, t0Index, position, findings };
}

/** Rule 5: a cut while establishing leaves no relationship. */
function* endHalfEstablishment(control: ControlStore): Task {
  const { role, generation } = control.current.identity;
  if (role !== Role.PRIMARY || generation !== 0n) return;
  yield* control.commit(becomeStandalone);
}

/** What the durable state says less of after damage: T0 (rule 6), the secondary's label (rule 12). */
function* settleDamage(control: ControlStore, found: { t0Lost: boolean; inconsistent: boolean }): Task {
  const { flashCopy, identity, consistent } = control.current;
  const endT0 = found.t0Lost && flashCopy !== undefined && flashCopy.t0Id.length > 0;
  const endLabel = found.inconsistent && identity.role === Role.SECONDARY && consistent;
  if (!endT0 && !endLabel) return;
  yield* control.commit((draft) => {
    if (endT0) draft.flashCopy = create(FlashCopySchema, { ended: Status.FLASH_COPY_DAMAGED });
    if (endLabel) draft.consistent = false;
  });
}

/**
 * The superblock is written anew first, and its number stands above those of all blocks from here on: those of a
 * recovery that a cut ended, and of before a loss, are lower, wherever one turns up again (rule 14).
 */
function* numberAnew(superblocks: SuperblockStore, control: Control, geometry: Geometry): Task {
  const number = (yield* superblocks.write(control, geometry)) << COMMITS_BITS;
  if (number > control.sequence) control.sequence = number;
}

/**
 * Rule 14: a primary takes a fresh generation and owes its secondary everything; a secondary is Inconsistent. What
 * its hosts wrote stays theirs (rule 16).
 */
function controlFromSuperblock(hal: Hal, { identity, access, forkId }: Rescued & Pick<Control, 'identity'>): Control {
  const primary = identity.role === Role.PRIMARY;
  const secondary = identity.role === Role.SECONDARY;
  const control = create(ControlBlockSchema, {
    version: CONTROL_BLOCK_VERSION,
    loadState: LoadState.NONE,
    allDirty: secondary,
    suppressed: false,
    consistent: false,
    access,
    forkId,
    met: secondary,
    fullOwed: primary,
  });
  const establishments = primary ? identity.establishments + 1 : identity.establishments;
  const generation = primary ? newGeneration(establishments, hal.entropy) : identity.generation;
  return { ...control, identity: { ...identity, establishments, generation } };
}

/** Persists the damaged lines of a region as memory has them now. */
function* repair(loop: EventLoop, hal: Hal, image: Uint8Array, region: Region, damage: DamagedLines): Task {
  for (const line of damage.linesOf(region)) {
    const offsetBytes = region.offsetBytes + line * NVRAM_LINE_BYTES;
    yield* loop.run<void>((done) => { hal.nvram.persist(offsetBytes, image.subarray(offsetBytes, offsetBytes + NVRAM_LINE_BYTES), done); });
  }
}

class DamagedLines {
  constructor(private readonly lines: readonly number[]) {}

  /** The damaged lines of a region, counted from its start. */
  linesOf(region: Region): number[] {
    const first = region.offsetBytes / NVRAM_LINE_BYTES;
    const count = region.lengthBytes / NVRAM_LINE_BYTES;
    return this.lines.filter((line) => line >= first && line < first + count).map((line) => line - first);
  }

  touches(region: Region): boolean {
    return this.linesOf(region).length > 0;
  }

  fill(image: Uint8Array, region: Region, value: number): void {
    for (const line of this.linesOf(region)) {
      const start = region.offsetBytes + line * NVRAM_LINE_BYTES;
      image.fill(value, start, start + NVRAM_LINE_BYTES);
    }
  }
}
