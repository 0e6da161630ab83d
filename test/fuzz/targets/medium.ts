import { CommandError } from '../../../firmware/errors.js';
import { inspectMedium, type MediumInspector, type MediumVerdict, verifyMedium } from '../../../firmware/medium/inspect.js';
import { statusName } from '../../../protos/status/sentences.js';
import { must, type Target } from '../target.js';
import { mediumOf, mediumSeeds } from './media.js';
import { digest } from './records.js';
import { blankBoard, BoardLoop } from '../../firmware/support/board.js';
import { mediumWith } from '../../firmware/support/contents.js';
import { run } from '../../firmware/support/tasks.js';

const PATH = '/m';

/** A medium (212), inspected and verified. */
export const medium: Target = {
  name: 'medium',
  seeds: mediumSeeds,
  run: (input) => {
    const board = blankBoard();
    board.shelf.set(PATH, mediumWith(mediumOf(input)));
    const inspector = { loop: new BoardLoop(board), drive: board.hal.medium, digest };
    const verdict = verdictOf(inspector);
    must(board.power.openFiles === 0, 'the medium stays open');
    if (!('summary' in verdict)) return `refused ${statusName(verdict.status)}`;
    must(verdict.damageCount >= verdict.damage.length, 'more damage is listed than was found');
    const [first] = verdict.damage;
    return first === undefined ? 'accepted' : `accepted, damage ${statusName(first.status)} ${first.detail.replace(/\d+/g, '#')}`;
  },
};

/** What a verification says, or why it says nothing: the same that an inspection says. */
function verdictOf(inspector: MediumInspector): MediumVerdict | CommandError {
  const inspected = refusalOf(() => run(inspector.loop, inspectMedium(inspector, PATH)));
  const verified = refusalOf(() => run(inspector.loop, verifyMedium(inspector, PATH, { doneBytes: 0, totalBytes: 0 })));
  must((inspected instanceof CommandError ? inspected.message : '') === (verified instanceof CommandError ? verified.message : ''), 'inspected, it is refused otherwise than verified');
  return verified;
}

function refusalOf<T>(attempt: () => T): T | CommandError {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
}
