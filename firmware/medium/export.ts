import { create } from '@bufbuild/protobuf';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type FlashCopy as DurableFlashCopy, FlashCopySchema } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { JobKind } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { type MediumLabel, MediumLabelSchema, MediumSealSchema } from '../../protos/gen/grainlink/medium/v1/medium_pb.js';
import type { CardCore } from '../core.js';
import { CommandError } from '../errors.js';
import type { MediumFile } from '../hal.js';
import type { Task } from '../kernel/pending.js';
import { sameBytes } from '../kernel/same-bytes.js';
import { newId } from '../metadata/format.js';
import type { Position } from '../metadata/position-store.js';
import { chainStart } from './chunk-format.js';
import type { ExportContext, PreparedExport } from './export-context.js';
import { ExportPipeline } from './export-pipeline.js';
import { newJob, runJob } from './job.js';
import { BLANK_BLOCK, CHUNKS_OFFSET_BYTES, decodeLabel, encodeLabel, encodeSeal, LABEL_OFFSET_BYTES, SEAL_OFFSET_BYTES } from './label-blocks.js';
import { closeMedium, createMedium, flushMedium, openMedium, readMedium, writeMedium } from './medium-io.js';

/*
 * The export of T0 to a portable medium (304).
 *
 * The card commits the medium's id before it creates the file, and the root before it writes the seal: so
 * whatever a power cut leaves, the file under way is known again, and no sealed medium exists whose root
 * its primary does not know (rule 8). A seal that a cut prevented is written by the resumed export, which
 * comes to the same root.
 */

/**
 * Creates the medium at `path`, or finds there the one under way.
 *
 * @throws CommandError NO_FLASH_COPY; what ended T0 (FLASH_COPY_STORE_FULL) when that comes meanwhile; MEDIUM_EXISTS
 * when something else is there (it stays untouched); MEDIUM_NOT_FOUND when T0 is exported in part to a medium that is
 * not there, since hosts no longer save what that one holds; MEDIUM_TRUNCATED, MEDIUM_ERROR, NVRAM_ERROR.
 */
export function* prepareExport(context: ExportContext, path: string): Task<PreparedExport> {
  const { core, flashCopy } = context;
  const t0Id = flashCopy.t0Id;
  if (t0Id === undefined) throw new CommandError(Status.NO_FLASH_COPY);
  const existing = yield* openMedium(core.loop, core.hal.medium, path, 'resume');
  const file = existing ?? (yield* newMedium(context, t0Id, path));
  let position: Position;
  try {
    position = yield* findPosition(context, t0Id, file);
  } catch (error) {
    yield* closeMedium(core.loop, file);
    throw error;
  }
  return { job: newJob(JobKind.EXPORT, path, core.volume.grains), t0Id, file, position };
}

/** Runs a prepared export to its end, which stands in its job. */
export function* runExport(context: ExportContext, prepared: PreparedExport): Task {
  yield* runJob(prepared.job, prepared.file, context.core.loop, exportT0(context, prepared));
}

function* exportT0(context: ExportContext, prepared: PreparedExport): Task {
  const { core, flashCopy } = context;
  const { t0Id, file, job } = prepared;
  flashCopy.mustBe(t0Id);
  const writtenGrains = BigInt(core.state.t0Written.count);
  const end = yield* new ExportPipeline(context, prepared).run();
  const root = end.chain;
  // From here on T0 is on the medium: should it end now, the medium holds it none the less.
  yield* flashCopy.recordRoot(t0Id, root);
  const seal = create(MediumSealSchema, {
    root,
    chunks: BigInt(end.chunks),
    lengthBytes: BigInt(end.mediumOffsetBytes),
    writtenGrains,
  });
  yield* writeMedium(core.loop, file, SEAL_OFFSET_BYTES, [encodeSeal(core.hal.digest, seal)]);
  yield* flushMedium(core.loop, file);
  job.root = root;
  // Hosts have paid for T0 long enough.
  yield* flashCopy.end(Status.UNSPECIFIED, t0Id);
}

function* newMedium(context: ExportContext, t0Id: Uint8Array, path: string): Task<MediumFile> {
  const { core, flashCopy } = context;
  if (core.state.position.current !== undefined) {
    throw new CommandError(Status.MEDIUM_NOT_FOUND, 'T0 is exported in part to another medium; put that one in, or take a new T0');
  }
  yield* flashCopy.bindMedium(t0Id, newId(core.hal));
  return yield* createMedium(core.loop, core.hal.medium, path);
}

/** Where to go on in `file`, which is made to end there. */
function* findPosition(context: ExportContext, t0Id: Uint8Array, file: MediumFile): Task<Position> {
  const { loop, hal, state } = context.core;
  const start = new Uint8Array(Math.min(file.lengthBytes, CHUNKS_OFFSET_BYTES));
  yield* readMedium(loop, file, LABEL_OFFSET_BYTES, start);
  // A full store may have ended it while the medium was opened: its own medium would look like another then.
  context.flashCopy.mustBe(t0Id);
  const position = state.position.current;
  if (position === undefined) return yield* startMedium(context, file, start);
  if (!isUnderWay(context, start)) throw new CommandError(Status.MEDIUM_EXISTS);
  if (file.lengthBytes < position.mediumOffsetBytes) {
    throw new CommandError(Status.MEDIUM_TRUNCATED, `${String(position.mediumOffsetBytes)} bytes of it were durable; take a new T0`);
  }
  // What lies beyond the position may be torn, and is not sealed.
  yield* writeMedium(loop, file, SEAL_OFFSET_BYTES, [BLANK_BLOCK]);
  yield* loop.run<void>((done) => { file.truncate(position.mediumOffsetBytes, done); });
  hal.trace.event('export', `resumes at chunk ${String(position.chunks)}`);
  return position;
}

/** Begins the medium under way: new, or left without a durable position by a cut. */
function* startMedium(context: ExportContext, file: MediumFile, start: Uint8Array): Task<Position> {
  const { loop, hal } = context.core;
  const label = encodeLabel(hal.digest, labelOf(context));
  const blocks = [label, BLANK_BLOCK];
  if (!isUnderWay(context, start) && !isTorn(context, file, start, label)) throw new CommandError(Status.MEDIUM_EXISTS);
  yield* writeMedium(loop, file, LABEL_OFFSET_BYTES, blocks);
  yield* loop.run<void>((done) => { file.truncate(CHUNKS_OFFSET_BYTES, done); });
  yield* flushMedium(loop, file);
  return { mediumOffsetBytes: CHUNKS_OFFSET_BYTES, volumeOffsetBytes: 0, chunks: 0, chain: chainStart(hal.digest, label) };
}

/** Whether this is the start of the medium that T0 is being exported to. */
function isUnderWay({ core }: ExportContext, start: Uint8Array): boolean {
  const { mediumId } = flashCopyOf(core);
  if (mediumId.length === 0 || start.length < CHUNKS_OFFSET_BYTES) return false;
  try {
    return sameBytes(decodeLabel(core.hal.digest, start.subarray(LABEL_OFFSET_BYTES, SEAL_OFFSET_BYTES)).mediumId, mediumId);
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** Whether this is what a cut can have left of the medium under way while its label was written, and nothing more. */
function isTorn({ core }: ExportContext, file: MediumFile, start: Uint8Array, label: Uint8Array): boolean {
  if (flashCopyOf(core).mediumId.length === 0 || file.lengthBytes > CHUNKS_OFFSET_BYTES) return false;
  return start.every((byte, at) => byte === 0 || byte === label[at]);
}

function labelOf({ core, firmwareVersion }: ExportContext): MediumLabel {
  const { identity } = core.state.control.current;
  const { mediumId, generation, t0Id } = flashCopyOf(core);
  return create(MediumLabelSchema, {
    mediumId,
    relationshipId: identity.relationshipId,
    volumeId: identity.volumeId,
    generation,
    sizeBytes: identity.sizeBytes,
    grainBytes: identity.grainBytes,
    t0Id,
    firmwareVersion,
  });
}

function flashCopyOf(core: CardCore): DurableFlashCopy {
  return core.state.control.current.flashCopy ?? create(FlashCopySchema);
}
