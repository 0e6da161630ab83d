import { JobState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { carry as carryBetween, MEDIUM } from './contents.js';
import { Pair, type PairOptions } from './pair.js';
import type { PairSide } from './pair-side.js';

/** Exports T0 of the primary to a medium (304). */
export function exportT0(pair: Pair, path = MEDIUM): void {
  pair.command(pair.primary, { case: 'mediumExport', value: { path } });
  untilJobEnds(pair, pair.primary);
}

/** Carries a medium from one card's drive to another's (306). */
export function carry(from: PairSide, to: PairSide, path = MEDIUM): void {
  carryBetween(from.board, to.board, path);
}

/** Loads a medium at a card (308). */
export function load(pair: Pair, side: PairSide, path = MEDIUM): void {
  pair.command(side, { case: 'mediumLoad', value: { path, overwrite: true } });
  untilJobEnds(pair, side);
}

export function untilJobEnds(pair: Pair, side: PairSide): void {
  pair.until('the job ends', () => side.components.jobs.status?.state !== JobState.RUNNING);
  const job = side.components.jobs.status;
  if (job?.state !== JobState.SUCCEEDED) throw new Error(`the job failed: ${String(job?.status)} ${job?.detail ?? ''}`);
}

/** A primary with T0 exported and a secondary that loaded it: seeded, not yet connected. Grains 0 to 9 hold ones. */
export function seededPair(options: PairOptions = {}): Pair {
  const pair = new Pair(options);
  const { grainBytes } = pair.primary.board.geometry;
  pair.finish(pair.primary.write(0, new Uint8Array(10 * grainBytes).fill(1)));
  pair.establish(true);
  exportT0(pair);
  carry(pair.primary, pair.secondary);
  load(pair, pair.secondary);
  return pair;
}
