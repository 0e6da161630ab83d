import { CommandError, type HostDriver } from '../../../host-driver/index.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { RUNS_PER_REQUEST } from '../limits.js';

/** The grains that a card's map shows as dirty; while hosts write, a mixture of moments. */
export async function dirtyGrains(driver: HostDriver, grainsTotal: number): Promise<Set<number>> {
  const dirty = new Set<number>();
  for (let next = 0; next < grainsTotal; ) {
    const { runs, nextGrain } = await driver.dirtyRuns({ firstGrain: BigInt(next), maxRuns: RUNS_PER_REQUEST });
    for (const { firstGrain, grains } of runs) {
      for (let grain = Number(firstGrain); grain < Number(firstGrain + grains); grain += 1) dirty.add(grain);
    }
    if (nextGrain <= next) throw new CommandError(Status.INVALID_FRAME, 'the card lists its dirty grains without end');
    next = Number(nextGrain);
  }
  return dirty;
}
