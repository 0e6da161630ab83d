import { CommandError } from '../../host-driver/index.js';
import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { type JobKind, JobState, type JobStatus } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import { JOB_POLL_MS } from './limits.js';
import { startProgress } from './progress.js';
import type { Run } from './verb.js';
import type { Card } from './world.js';

/**
 * Starts a job with `start`, or joins it when the card is at this very one already: so a command that was
 * interrupted is given again to go on waiting.
 * @throws CommandError
 */
export async function startOrJoin(card: Card, kind: JobKind, path: string, start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof CommandError) || error.status !== Status.JOB_RUNNING) throw error;
    const { job } = await card.status();
    if (job?.kind !== kind || job.path !== path || job.state !== JobState.RUNNING) throw error;
  }
}

/**
 * Waits for the end of the job that was just started, and shows how far it is.
 * @throws CommandError with the job's own status when it failed.
 */
export async function awaitJob(card: Card, run: Run, label: string): Promise<JobStatus> {
  let job = await newestJob(card);
  const progress = startProgress(run, label);
  try {
    while (job.state === JobState.RUNNING) {
      await run.world.sleep(JOB_POLL_MS);
      job = await newestJob(card);
      progress.update(Number(job.grainsDone), Number(job.grainsTotal), Number(job.dataBytes));
    }
  } finally {
    progress.end();
  }
  if (job.state !== JobState.SUCCEEDED) throw new CommandError(job.status, job.detail);
  return job;
}

async function newestJob(card: Card): Promise<JobStatus> {
  const { job } = await card.status();
  if (job === undefined) throw new CommandError(Status.INVALID_FRAME, 'the card took the job and does not tell of it');
  return job;
}
