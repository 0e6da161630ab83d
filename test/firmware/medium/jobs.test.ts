import { expect, test } from 'vitest';
import { Role, Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { JobKind, JobState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { MediumJobs } from '../../../firmware/medium/jobs.js';
import type { Requester } from '../../../firmware/synchronization/requester.js';
import { blankSecondaryBoard, exporting, primaryAtT0 } from '../support/media.js';
import { bootPrimary, type PrimaryCard, takeT0 } from '../support/primary-card.js';
import { carry, MEDIUM } from '../support/contents.js';
import { bootCore } from '../support/board.js';
import { launch, run, settle } from '../support/tasks.js';

interface Jobs {
  readonly jobs: MediumJobs;
  readonly told: string[];
}

function jobsOf({ core, flashCopy }: Pick<PrimaryCard, 'core' | 'flashCopy'>): Jobs {
  const told: string[] = [];
  const requester: Pick<Requester, 'hold' | 'release' | 'wishChanged'> = {
    *hold() { told.push('held'); },
    release: () => { told.push('released'); },
    wishChanged: () => { told.push('wish'); },
  };
  return { jobs: new MediumJobs(core, flashCopy, requester as Requester, () => { told.push('ended'); }), told };
}

test('a job runs beside its command, one at a time, and its end is told', () => {
  const card = primaryAtT0();
  const { jobs, told } = jobsOf(card);
  card.board.power.intercept = ({ part, kind, offsetBytes }) => (part === 'medium' && kind === 'write' && offsetBytes >= 8192 ? 'hold' : undefined);
  run(card.core.loop, jobs.startExport(MEDIUM));
  expect(jobs.status).toMatchObject({ kind: JobKind.EXPORT, state: JobState.RUNNING, path: MEDIUM });
  expect(() => { run(card.core.loop, jobs.startExport('/media/other')); }).toThrow('JOB_RUNNING');
  expect([jobs.running, told]).toEqual([true, []]);
  card.board.power.intercept = undefined;
  card.board.power.release();
  settle(card.core.loop);
  expect(jobs.status?.state).toBe(JobState.SUCCEEDED);
  expect([jobs.running, told]).toEqual([false, ['ended', 'wish']]);
});

test('a refused job leaves the status of the one before, and room for the next', () => {
  const card = primaryAtT0();
  const { jobs } = jobsOf(card);
  run(card.core.loop, jobs.startExport(MEDIUM));
  expect(() => { run(card.core.loop, jobs.startExport('/media/other')); }).toThrow('NO_FLASH_COPY');
  expect([jobs.running, jobs.status?.path]).toEqual([false, MEDIUM]);
  run(card.core.loop, takeT0(card));
  run(card.core.loop, jobs.startExport('/media/other'));
  expect(jobs.status).toMatchObject({ path: '/media/other', state: JobState.SUCCEEDED });
});

test('a card that goes down ends its job at a chunk, and the next boot resumes it', () => {
  const card = primaryAtT0();
  const { jobs } = jobsOf(card);
  card.board.power.intercept = ({ part, kind, offsetBytes }) => (part === 'medium' && kind === 'write' && offsetBytes >= 8192 ? 'hold' : undefined);
  run(card.core.loop, jobs.startExport(MEDIUM));
  const halting = launch(card.core.loop, jobs.halt());
  expect(halting.ended).toBe(false);
  card.board.power.intercept = undefined;
  card.board.power.release();
  settle(card.core.loop);
  halting.result();
  expect(jobs.status).toMatchObject({ state: JobState.FAILED, status: Status.BUSY });
  card.board.lose();
  const rebooted = bootPrimary(card.board);
  expect(run(rebooted.core.loop, exporting(rebooted)).status).toBe(Status.SUCCESS);
});

test('a load disconnects the secondary, is "loading" when its command is done, and then connects as wished', () => {
  const primary = primaryAtT0();
  run(primary.core.loop, exporting(primary));
  const board = blankSecondaryBoard();
  carry(primary.board, board);
  const core = bootCore(board);
  const { jobs, told } = jobsOf({ core, flashCopy: primary.flashCopy });
  run(core.loop, jobs.startLoad(MEDIUM, false));
  expect(core.state.control.current.identity.role).toBe(Role.SECONDARY);
  expect(jobs.status).toMatchObject({ kind: JobKind.LOAD, state: JobState.SUCCEEDED });
  expect(told).toEqual(['held', 'released', 'ended', 'wish']);
});
