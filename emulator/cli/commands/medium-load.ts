import type { Command } from 'commander';
import { JobKind, type JobStatus } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { awaitJob, startOrJoin } from '../job.js';
import { MEDIUM_PATH_HELP, mediumPath } from '../options.js';
import type { Report } from '../report.js';
import { formatBytes } from '../sizes.js';
import { jobJson } from '../status-json.js';
import { addCardVerb } from '../verb.js';
import type { World } from '../world.js';

interface LoadOptions {
  readonly from: string;
  readonly overwrite?: boolean;
  readonly wait: boolean;
}

export function addMediumLoad(medium: Command, world: World): void {
  addCardVerb<LoadOptions>(medium, world, {
    name: 'load',
    summary: 'load a medium at the secondary (308)',
    description:
      'Loads a medium into this card, which is a secondary from then on (308). Every chunk is verified before it counts as loaded; ' +
      'until the last one is, the card does not give its data out. A load that was interrupted goes on when the same command is given again.',
    examples: ['medium load -c tcp://127.0.0.1:7002 --from /media/usb/t0.medium'],
    interruptHint: 'The card goes on loading; the same command waits for it again.',
    configure: (command) => {
      command.requiredOption('--from <file>', `the medium, ${MEDIUM_PATH_HELP}`, mediumPath);
      command.option('--overwrite', 'load even though hosts have written to this card');
      command.option('--no-wait', 'return when the load has begun; `status` shows how it goes');
    },
    run: async (card, { from, overwrite = false, wait }, run) => {
      await startOrJoin(card, JobKind.LOAD, from, () => card.loadMedium({ path: from, overwrite }));
      if (!wait) return { json: { started: true, path: from }, text: `The load from ${from} has begun.\n` };
      return loadReport(await awaitJob(card, run, 'load'));
    },
  });
}

function loadReport(job: JobStatus): Report {
  const json = jobJson(job);
  return { json, text: `${json.path} is verified and loaded: ${formatBytes(json.dataBytes)} of data. The card is readable as of T0.\n` };
}
