import { create } from '@bufbuild/protobuf';
import { Role, Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type DirtyRuns, DirtyRunsSchema, type GetDirtyRuns } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { CardCore } from '../core.js';
import { CommandError } from '../errors.js';
import { MAX_RUNS_PER_FRAME } from '../limits.js';
import { requestsEverything } from '../synchronization/suppressor.js';

/** Runs of dirty grains (out-of-sync or in intent) from `firstGrain` on. */
export function dirtyRuns(core: CardCore, request: GetDirtyRuns): DirtyRuns {
  const { dirty, control } = core.state;
  if (request.firstGrain > BigInt(dirty.grains)) {
    throw new CommandError(Status.OUT_OF_RANGE, `grain ${String(request.firstGrain)}, the volume has ${String(dirty.grains)}`);
  }
  const end = BigInt(dirty.grains);
  if (control.current.identity.role === Role.STANDALONE) return create(DirtyRunsSchema, { nextGrain: end });
  if (requestsEverything(control.current)) {
    const grains = end - request.firstGrain;
    return create(DirtyRunsSchema, { runs: grains === 0n ? [] : [{ firstGrain: request.firstGrain, grains }], nextGrain: end });
  }
  const most = Math.min(request.maxRuns === 0 ? MAX_RUNS_PER_FRAME : request.maxRuns, MAX_RUNS_PER_FRAME);
  const runs: { firstGrain: bigint; grains: bigint }[] = [];
  let from = dirty.nextSet(Number(request.firstGrain));
  while (from < dirty.grains && runs.length < most) {
    const stop = dirty.nextClear(from);
    runs.push({ firstGrain: BigInt(from), grains: BigInt(stop - from) });
    from = dirty.nextSet(stop);
  }
  return create(DirtyRunsSchema, { runs, nextGrain: BigInt(from) });
}
