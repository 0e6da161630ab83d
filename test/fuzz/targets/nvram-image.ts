import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { administer } from '../../../firmware/commands/admin.js';
import { CommandError } from '../../../firmware/errors.js';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import type { Task } from '../../../firmware/kernel/pending.js';
import { BLOCK_BYTES, CONTROL_BLOCK_BYTES, SUPERBLOCK_BYTES } from '../../../firmware/limits.js';
import { chainStart } from '../../../firmware/medium/chunk-format.js';
import { CHUNKS_OFFSET_BYTES, SEAL_OFFSET_BYTES } from '../../../firmware/medium/label-blocks.js';
import { layoutOf, type Region } from '../../../firmware/metadata/nvram-layout.js';
import { Role, Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { type ControlBlock, ControlBlockSchema, LoadState, SuperblockSchema } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { AdminRequestSchema } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { statusName } from '../../../protos/status/sentences.js';
import { type Input, must, type Target } from '../target.js';
import { formattedImage, FuzzCard } from './fuzz-card.js';
import { identity } from './identities.js';
import { exportedMedium } from './media.js';
import { mediumWith } from '../../firmware/support/contents.js';
import { digest, placeOf, sealed } from './records.js';
import type { TestBoard } from '../../firmware/support/board.js';
import { fill, fillNvram } from '../../firmware/support/contents.js';

const LAYOUT = layoutOf(SMALL_GEOMETRY);
const LINES = SMALL_GEOMETRY.nvramBytes / NVRAM_LINE_BYTES;
const DOUBTFUL = 1;
const NOTHING = new Uint8Array(0);
/** What a card that was loading goes on with. */
const MEDIUM = '/seed';
const REQUESTS: readonly NonNullable<MessageInitShape<typeof AdminRequestSchema>['request']>[] = [
  { case: 'mediumExport', value: { path: '/m' } },
  { case: 'mediumLoad', value: { path: MEDIUM } },
  { case: 'getDirtyRuns', value: {} },
  { case: 'stop', value: {} },
  { case: 'dissolve', value: {} },
];
/** In the order of the parts: flags, four records, then these regions, then damaged lines, two bytes each. */
const REGIONS: readonly Region[] = [...LAYOUT.positions, LAYOUT.dirty, LAYOUT.written, LAYOUT.t0Written, LAYOUT.t0Index];

/** What a card finds at power-up (rule 14): NVRAM, and the superblocks on the disk. */
export const nvramImage: Target = {
  name: 'nvram-image',
  seeds: () => [
    image({ control: control(Role.STANDALONE) }),
    image({ control: control(Role.PRIMARY, { t0: true }), regions: [position(0n), position(1n), bits(3), bits(15), bits(7), index(2)] }),
    image({ control: control(Role.SECONDARY), regions: [NOTHING, NOTHING, bits(1), bits(255)], damaged: [LAYOUT.dirty, LAYOUT.positions[0]] }),
    image({ control: control(Role.PRIMARY, { t0: true }), regions: [position(0n), position(1n), bits(3)], damaged: [LAYOUT.written] }),
    image({ control: control(Role.PRIMARY, { t0: true }), damaged: [LAYOUT.t0Written, LAYOUT.t0Index] }),
    image({ control: undefined, role: Role.PRIMARY, damaged: [...LAYOUT.controlBlocks, LAYOUT.written] }),
    image({ control: control(Role.SECONDARY), flags: DOUBTFUL }),
    loading(),
  ],
  run: (input) => {
    const card = new FuzzCard(formattedImage(), { prepare: (board) => { lay(board, input); } });
    const damagedBefore = [...card.board.nvram.content.damagedLines];
    const refusal = card.bootRefusal();
    if (refusal !== undefined) {
      must(refusal.status === Status.NOT_FORMATTED, `it is refused with ${statusName(refusal.status)}`);
      return `refused ${refusal.detail}`;
    }
    mustBeDirtyWhereDamaged(card, damagedBefore);
    const { findings } = card.components.core.state;
    answersStatus(card);
    const { role } = card.components.core.state.control.current.identity;
    card.board.shelf.set(MEDIUM, mediumWith(exportedMedium()));
    serve(card);
    card.pass(1000);
    card.mustBootAgain();
    return `accepted ${Role[role]}, ${String(findings.length)} findings`;
  },
};

function lay(board: TestBoard, [flags = NOTHING, ...parts]: Input): void {
  const { nvram, reserved } = board;
  LAYOUT.controlBlocks.forEach(({ offsetBytes }, copy) => { fillNvram(board, offsetBytes, placeOf(parts[copy] ?? NOTHING, CONTROL_BLOCK_BYTES)); });
  [0, 1].forEach((copy) => { fill(reserved, copy * SUPERBLOCK_BYTES, placeOf(parts[2 + copy] ?? NOTHING, SUPERBLOCK_BYTES)); });
  REGIONS.forEach(({ offsetBytes, lengthBytes }, region) => { fillNvram(board, offsetBytes, (parts[4 + region] ?? NOTHING).subarray(0, lengthBytes)); });
  const damaged = parts[4 + REGIONS.length] ?? NOTHING;
  for (let at = 0; at + 1 < damaged.length; at += 2) nvram.content.damagedLines.add(((damaged[at] ?? 0) + 256 * (damaged[at + 1] ?? 0)) % LINES);
  nvram.content.doubtful = ((flags[0] ?? 0) & DOUBTFUL) !== 0;
}

/** Rule 14: damage turns into dirty, never into clean. */
function mustBeDirtyWhereDamaged({ components }: FuzzCard, damagedLines: readonly number[]): void {
  const { dirty } = components.core.state;
  for (const region of [LAYOUT.dirty, LAYOUT.written]) {
    const first = region.offsetBytes / NVRAM_LINE_BYTES;
    for (const line of damagedLines) {
      if (line < first || line >= first + region.lengthBytes / NVRAM_LINE_BYTES) continue;
      const grains = dirty.grainsOfLine(line - first);
      must(dirty.nextClear(grains.first) >= grains.first + grains.grains, `line ${String(line)} is damaged, and its grains are clean`);
    }
  }
}

function answersStatus(card: FuzzCard): void {
  const { status, result } = card.run(administer(card.components.admin, create(AdminRequestSchema, { request: { case: 'getStatus', value: {} } })));
  must(status === Status.SUCCESS && result.case === 'cardStatus', 'it has no status');
}

/** What hosts and operators do with a card goes well or is refused; nothing of it may break the card. */
function serve(card: FuzzCard): void {
  const { io, admin } = card.components;
  const { grainBytes, sizeBytes } = SMALL_GEOMETRY;
  attempt(card, io.read(0, new Uint8Array(4 * grainBytes)));
  for (const grain of [0, 1, LAYOUT.grains - 1]) attempt(card, io.write(grain * grainBytes, new Uint8Array(BLOCK_BYTES).fill(7), true));
  attempt(card, io.zero(sizeBytes / 2, sizeBytes / 2, false));
  for (const request of REQUESTS) card.run(administer(admin, create(AdminRequestSchema, { request })));
}

function attempt(card: FuzzCard, task: Task): void {
  try {
    card.run(task);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
  }
}

function image(what: { readonly control: ControlBlock | undefined; readonly role?: Role; readonly flags?: number; readonly regions?: readonly Uint8Array[]; readonly damaged?: readonly Region[] }): Input {
  const record = what.control === undefined ? NOTHING : sealed(toBinary(ControlBlockSchema, what.control));
  const superblock = sealed(toBinary(SuperblockSchema, create(SuperblockSchema, {
    version: 1,
    sequence: 2n,
    identity: what.control?.identity ?? identity(what.role ?? Role.STANDALONE),
    nvramBytes: BigInt(SMALL_GEOMETRY.nvramBytes),
    storeBytes: BigInt(SMALL_GEOMETRY.storeBytes),
  })));
  const regions = REGIONS.map((_, region) => what.regions?.[region] ?? NOTHING);
  const lines = (what.damaged ?? []).map(({ offsetBytes }) => offsetBytes / NVRAM_LINE_BYTES);
  return [Uint8Array.of(what.flags ?? 0), record, record, superblock, superblock, ...regions, new Uint8Array(Uint16Array.from(lines).buffer)];
}

function control(role: Role, { t0 = false } = {}): ControlBlock {
  return create(ControlBlockSchema, {
    version: 1,
    sequence: 9n,
    identity: identity(role),
    loadState: role === Role.SECONDARY ? LoadState.LOADED : LoadState.NONE,
    consistent: true,
    ...(t0 ? { flashCopy: { t0Id: new Uint8Array(16).fill(21), generation: 0x1_0000_0005n } } : {}),
  });
}

/** A load that was interrupted before its first chunk. */
function loading(): Input {
  const medium = exportedMedium();
  const [labelBlock, sealBlock] = [medium.subarray(0, SEAL_OFFSET_BYTES), medium.subarray(SEAL_OFFSET_BYTES, CHUNKS_OFFSET_BYTES)];
  const interrupted = create(ControlBlockSchema, {
    version: 1,
    sequence: 9n,
    identity: { ...identity(Role.STANDALONE), role: Role.SECONDARY },
    loadState: LoadState.LOADING,
    loadingRoot: digest.digest([labelBlock, sealBlock]),
    allDirty: true,
  });
  const line = new Uint8Array(NVRAM_LINE_BYTES);
  const view = new DataView(line.buffer);
  [2n, BigInt(CHUNKS_OFFSET_BYTES)].forEach((value, at) => { view.setBigUint64(at * 8, value, true); });
  line.set(chainStart(digest, labelBlock), NVRAM_LINE_BYTES - digest.digestBytes);
  return image({ control: interrupted, regions: [line] });
}

function bits(firstByte: number): Uint8Array {
  return Uint8Array.of(firstByte, firstByte);
}

function index(entries: number): Uint8Array {
  return new Uint8Array(Uint32Array.from({ length: entries }, (_, slot) => slot + 1).buffer);
}

function position(parity: bigint): Uint8Array {
  const line = new Uint8Array(NVRAM_LINE_BYTES);
  const view = new DataView(line.buffer);
  [4n + parity, 12_288n, 8192n * (parity + 1n), 1n + parity].forEach((value, at) => { view.setBigUint64(at * 8, value, true); });
  return line;
}
