import type { Command } from 'commander';
import { JobKind, type JobStatus } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { awaitJob, startOrJoin } from '../job.js';
import { MEDIUM_PATH_HELP, mediumPath } from '../options.js';
import type { Report } from '../report.js';
import { formatBytes } from '../sizes.js';
import { jobJson } from '../status-json.js';
import { addCardVerb } from '../verb.js';
import type { World } from '../world.js';

export function addMediumExport(medium: Command, world: World): void {
  addCardVerb<{ to: string; wait: boolean }>(medium, world, {
    name: 'export',
    summary: 'copy T0 to a medium (304)',
    description:
      'Copies the T0 image to a portable medium, a file (304), while hosts go on writing, and seals it when all of it is there. ' +
      'An export that was interrupted goes on where it was when the same command is given again.',
    examples: ['medium export -c tcp://127.0.0.1:7001 --to /media/usb/t0.medium'],
    interruptHint: 'The card goes on exporting; the same command waits for it again.',
    configure: (command) => {
      command.requiredOption('--to <file>', `the medium, ${MEDIUM_PATH_HELP}`, mediumPath);
      command.option('--no-wait', 'return when the export has begun; `status` shows how it goes');
    },
    run: async (card, { to, wait }, run) => {
      await startOrJoin(card, JobKind.EXPORT, to, () => card.exportMedium({ path: to }));
      if (!wait) return { json: { started: true, path: to }, text: `The export to ${to} has begun.\n` };
      return exportReport(await awaitJob(card, run, 'export'));
    },
  });
}

function exportReport(job: JobStatus): Report {
  const json = jobJson(job);
  const root = json.root === null ? '' : `\n  root ${json.root}`;
  return { json, text: `T0 is on ${json.path}, and the medium is sealed: ${formatBytes(json.dataBytes)} of data.${root}\n` };
}
