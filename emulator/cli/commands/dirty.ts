import type { Command } from 'commander';
import { CommandError } from '../../../host-driver/index.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import type { GrainRun } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { RUNS_PER_REQUEST } from '../limits.js';
import { formatBytes } from '../sizes.js';
import { grains } from '../status-text.js';
import { addCardVerb } from '../verb.js';
import type { Card, World } from '../world.js';

export function addDirty(program: Command, world: World): void {
  addCardVerb(program, world, {
    name: 'dirty',
    summary: 'runs of dirty grains',
    description:
      'Lists the dirty grains of the card\'s map, in runs: out-of-sync, or in intent because a write is in flight. ' +
      'While hosts write, the list is a mixture of moments.',
    examples: ['dirty -c tcp://127.0.0.1:7001'],
    run: async (card, _options, run) => {
      const { grainBytes, sizeBytes } = await card.identify();
      const grainsTotal = BigInt(Math.ceil(Number(sizeBytes) / grainBytes));
      const listed: { firstGrain: number; grains: number }[] = [];
      let dirtyGrains = 0;
      for await (const { firstGrain, grains: count } of dirtyRuns(card, grainsTotal)) {
        const [first, length] = [Number(firstGrain), Number(count)];
        dirtyGrains += length;
        if (run.json) listed.push({ firstGrain: first, grains: length });
        else run.world.stdout.write(`${String(first)}-${String(first + length - 1)} (${grains(length)})\n`);
      }
      return {
        json: { grainBytes, dirtyGrains, runs: listed },
        text: dirtyGrains === 0 ? 'No grain is dirty.\n' : `${grains(dirtyGrains)} dirty, ${formatBytes(dirtyGrains * grainBytes)}.\n`,
      };
    },
  });
}

type Run = Pick<GrainRun, 'firstGrain' | 'grains'>;

/** All runs, a page of them in memory at a time. A run that goes on over the end of a page comes as one. */
async function* dirtyRuns(card: Card, grainsTotal: bigint): AsyncGenerator<Run> {
  let held: Run | undefined;
  for (let next = 0n; next < grainsTotal; ) {
    const page = await card.dirtyRuns({ firstGrain: next, maxRuns: RUNS_PER_REQUEST });
    for (const run of page.runs) {
      if (held !== undefined && held.firstGrain + held.grains === run.firstGrain) {
        held = { firstGrain: held.firstGrain, grains: held.grains + run.grains };
        continue;
      }
      if (held !== undefined) yield held;
      held = run;
    }
    if (page.nextGrain <= next) throw new CommandError(Status.INVALID_FRAME, 'the card lists its dirty grains without end');
    next = page.nextGrain;
  }
  if (held !== undefined) yield held;
}
