import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { JobKind } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { CardCore } from '../core.js';
import { CommandError } from '../errors.js';
import type { Task } from '../kernel/pending.js';
import { sameBytes } from '../kernel/same-bytes.js';
import type { Control } from '../metadata/control-store.js';
import { forgetRelationship } from '../metadata/forget-relationship.js';
import { newId } from '../metadata/format.js';
import type { Position } from '../metadata/position-store.js';
import { newJob, runJob } from './job.js';
import { checkFits, checkRole } from './load-checks.js';
import type { LoadContext, PreparedLoad } from './load-context.js';
import { LoadPipeline } from './load-pipeline.js';
import { closeMedium, openMedium } from './medium-io.js';
import { type MediumSummary, readSummary, sealOf } from './medium-summary.js';

/*
 * The load of a medium at the secondary (308), in three steps: prepare checks and changes nothing, begin
 * makes "loading" durable, run copies. The generation is set only when every grain is verified and durable
 * (rule 7); until then the card is Inconsistent, whatever happens.
 */

/**
 * Opens and checks a medium; the card's state does not change.
 *
 * @throws CommandError MEDIUM_NOT_FOUND, those of readSummary, sealOf, checkFits and checkRole.
 */
export function* prepareLoad({ core }: LoadContext, path: string, overwrite: boolean): Task<PreparedLoad> {
  const { loop, hal, state, volume } = core;
  const file = yield* openMedium(loop, hal.medium, path, 'read');
  if (file === undefined) throw new CommandError(Status.MEDIUM_NOT_FOUND);
  try {
    const summary = yield* readSummary(loop, hal.digest, file);
    const seal = sealOf(summary);
    checkFits(summary.label, state.geometry);
    checkRole(state.control.current, summary.label, state.written.count, overwrite);
    return { job: newJob(JobKind.LOAD, path, volume.grains), file, summary, seal, overwrite };
  } catch (error) {
    yield* closeMedium(loop, file);
    throw error;
  }
}

/**
 * Makes "loading" durable, before the first byte. The requester has no session, and no other command
 * changes the relationship meanwhile. Whoever is refused here has closed the medium.
 *
 * @returns where to go on.
 * @throws CommandError those of checkRole, NVRAM_ERROR.
 */
export function* beginLoad({ core }: LoadContext, prepared: PreparedLoad): Task<Position> {
  const { loop, state, hostWrites } = core;
  // Drained, so that a write of a standalone card's host is counted, and none comes later.
  yield* hostWrites.close();
  try {
    checkRole(state.control.current, prepared.summary.label, state.written.count, prepared.overwrite);
    const position = resumePosition(core, prepared.summary);
    if (position === undefined) return yield* beginAnew(core, prepared);
    core.hal.trace.event('load', `resumes at chunk ${String(position.chunks)}`);
    return position;
  } catch (error) {
    yield* closeMedium(loop, prepared.file);
    throw error;
  } finally {
    hostWrites.open();
  }
}

/** Copies a medium whose load has begun, to the end that stands in its job. */
export function* runLoad(context: LoadContext, prepared: PreparedLoad, from: Position): Task {
  yield* runJob(prepared.job, prepared.file, context.core.loop, load(context, prepared, from));
}

function* load(context: LoadContext, prepared: PreparedLoad, from: Position): Task {
  const { core } = context;
  const { seal } = prepared;
  const end = yield* new LoadPipeline(context, prepared, from).run();
  if (BigInt(end.chunks) !== seal.chunks || BigInt(core.state.written.count) !== seal.writtenGrains || !sameBytes(end.chain, seal.root)) {
    // Each chunk was whole, but together they are not what was sealed: nothing of it can be kept.
    yield* core.state.position.clear();
    throw new CommandError(Status.MEDIUM_CHANGED);
  }
  prepared.job.root = seal.root;
  yield* commitLoaded(core, prepared);
}

/** The position of an interrupted load of this very medium. */
function resumePosition({ state }: CardCore, { fingerprint }: MediumSummary): Position | undefined {
  const { identity, loadState, loadingRoot } = state.control.current;
  const interrupted = identity.role === Role.SECONDARY && loadState === LoadState.LOADING && sameBytes(loadingRoot, fingerprint);
  // Empty since the load began: what is dirty now was damaged since, and so was the written map, perhaps.
  return interrupted && state.dirty.count === 0 ? state.position.current : undefined;
}

function* beginAnew({ state }: CardCore, { summary }: PreparedLoad): Task<Position> {
  // First, since a position beside "loading" would be taken for that load's.
  yield* state.position.clear();
  yield* state.control.commit((draft) => {
    if (draft.identity.role === Role.PRIMARY) throw new CommandError(Status.NOT_STANDALONE, 'it is a primary');
    forgetRelationship(draft);
    draft.identity.role = Role.SECONDARY;
    draft.loadState = LoadState.LOADING;
    draft.loadingRoot = summary.fingerprint;
    draft.allDirty = true;
  });
  // A cut in between leaves no position, and so comes here again.
  yield* state.written.clearAll();
  yield* state.dirty.clearAll();
  return summary.start;
}

/** Everything is verified and durable: the generation is valid from here on (rule 7). */
function* commitLoaded({ hal, state }: CardCore, { summary, seal }: PreparedLoad): Task {
  const { label, fingerprint } = summary;
  const loadId = newId(hal);
  yield* state.control.commit((draft) => {
    mustBeLoading(draft, fingerprint);
    draft.identity.relationshipId = label.relationshipId;
    draft.identity.sourceVolumeId = label.volumeId;
    draft.identity.generation = label.generation;
    draft.identity.mediumRoot = seal.root;
    draft.identity.loadId = loadId;
    draft.loadState = LoadState.LOADED;
    draft.consistent = true;
    draft.allDirty = true;
    // Suppression (310) of that flag alone (rule 15).
    draft.suppressed = true;
  });
}

function mustBeLoading(control: Control, fingerprint: Uint8Array): void {
  if (control.loadState === LoadState.LOADING && sameBytes(control.loadingRoot, fingerprint)) return;
  throw new Error('the card became something else while a medium was being loaded');
}
