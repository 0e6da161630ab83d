import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { MediumVerdict, VerifyProgress } from '../../../firmware/medium/inspect.js';
import { statusName, statusSentence } from '../../../protos/status/sentences.js';
import { RefusedError } from '../errors.js';
import { interruptible } from '../interrupt.js';
import { JOB_POLL_MS } from '../limits.js';
import { mediumSummaryJson, mediumSummaryText } from '../medium-summary.js';
import { startProgress } from '../progress.js';
import type { Report } from '../report.js';
import { addVerb, type Run } from '../verb.js';
import type { World } from '../world.js';

export function addMediumVerify(medium: Command, world: World): void {
  addVerb(medium, world, {
    name: 'verify',
    summary: 'check every chunk of a medium',
    description:
      'Reads a medium and checks every chunk and the root over all, as a load does. Names each damaged chunk, and ends with code 3 ' +
      'if there is one or the medium is not sealed. Needs no card.',
    examples: ['medium verify /media/usb/t0.medium'],
    configure: (command) => { command.argument('<file>', 'the medium, on this machine'); },
    run: async (_options, run, [file = '']) => {
      const path = resolve(file);
      const verdict = await interruptible(run.world.interrupt, verify(path, run));
      const report = verdictReport(path, verdict);
      const [first] = verdict.damage;
      if (first === undefined) return report;
      throw new RefusedError(statusName(first.status), statusSentence(first.status), first.detail, report);
    },
  });
}

async function verify(path: string, run: Run): Promise<MediumVerdict> {
  // Loaded here, so that the verbs of a host start without the firmware.
  const [{ runMediumTask }, { verifyMedium }] = await Promise.all([import('../medium-task.js'), import('../../../firmware/medium/inspect.js')]);
  const sofar: VerifyProgress = { doneBytes: 0, totalBytes: 0 };
  const progress = startProgress(run, 'verify');
  const verifying = runMediumTask('verify', (inspector) => verifyMedium(inspector, path, sofar));
  try {
    for (;;) {
      const verdict = await Promise.race([verifying, run.world.sleep(JOB_POLL_MS)]);
      if (verdict !== undefined) return verdict;
      progress.update(sofar.doneBytes, sofar.totalBytes, sofar.doneBytes);
    }
  } finally {
    progress.end();
  }
}

function verdictReport(path: string, { summary, chunks, damage, damageCount }: MediumVerdict): Report {
  const medium = mediumSummaryJson(path, summary);
  const json = {
    ...medium,
    chunksRead: chunks,
    damageCount,
    damage: damage.map(({ status, detail }) => ({ code: statusName(status), detail })),
  };
  const found = json.damage.map(({ code, detail }) => `  damage        ${code}${detail === '' ? '' : `: ${detail}`}\n`).join('');
  const more = damageCount > damage.length ? `  and           ${String(damageCount - damage.length)} more\n` : '';
  const verdict = damageCount === 0 ? `  verified      all ${String(chunks)} chunks are whole\n` : found + more;
  return { json, text: mediumSummaryText(medium) + verdict };
}
