import type { Command } from 'commander';
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
      const { grainBytes } = await card.identify();
      const listed: { firstGrain: number; grains: number }[] = [];
      let dirtyGrains = 0;
      for await (const dirtyRun of dirtyRuns(card)) {
        const [first, count] = [Number(dirtyRun.firstGrain), Number(dirtyRun.grains)];
        dirtyGrains += count;
        if (run.json) listed.push({ firstGrain: first, grains: count });
        else run.world.stdout.write(`${String(first)}-${String(first + count - 1)} (${grains(count)})\n`);
      }
      return {
        json: { grainBytes, dirtyGrains, runs: listed },
        text: dirtyGrains === 0 ? 'No grain is dirty.\n' : `${grains(dirtyGrains)} dirty, ${formatBytes(dirtyGrains * grainBytes)}.\n`,
      };
    },
  });
}

/** Page by page; a run that goes on over the end of a page comes in two. */
async function* dirtyRuns(card: Card): AsyncGenerator<GrainRun> {
  let firstGrain = 0n;
  for (;;) {
    const page = await card.dirtyRuns({ firstGrain, maxRuns: RUNS_PER_REQUEST });
    yield* page.runs;
    if (page.nextGrain <= firstGrain || page.runs.length === 0) return;
    firstGrain = page.nextGrain;
  }
}
