import type { Command } from 'commander';
import type { Report } from '../report.js';
import { statusJson } from '../status-json.js';
import { flashCopy as flashCopyLines } from '../status-text.js';
import { addCardVerb } from '../verb.js';
import type { Card, World } from '../world.js';

/** `flash-copy start`, `stop` and `status`: the T0 image (202). */
export function addFlashCopy(program: Command, world: World): void {
  const group = program.command('flash-copy').summary('the T0 image (202): start, stop, status').description('The T0 image (202) of a primary.');
  addCardVerb(group, world, {
    name: 'start',
    summary: 'take T0',
    description:
      'Takes T0: an image of the volume as of now, at once, by pointers and copy-on-write. Hosts go on writing. ' +
      'When they overwrite more than the FlashCopy store holds, the image ends with an error and they still go on.',
    examples: ['flash-copy start -c tcp://127.0.0.1:7001'],
    run: async (card) => {
      await card.startFlashCopy();
      return flashCopyReport(card);
    },
  });
  addCardVerb(group, world, {
    name: 'stop',
    summary: 'give T0 up',
    description: 'Gives the T0 image up. An export of it that is running ends; its medium stays unsealed.',
    examples: ['flash-copy stop -c tcp://127.0.0.1:7001'],
    run: async (card) => {
      await card.stopFlashCopy();
      return flashCopyReport(card);
    },
  });
  addCardVerb(group, world, {
    name: 'status',
    summary: 'state and progress of T0',
    description: 'Shows the state of the T0 image, how full its store is, and how much of it is exported.',
    examples: ['flash-copy status -c tcp://127.0.0.1:7001'],
    run: flashCopyReport,
  });
}

async function flashCopyReport(card: Card): Promise<Report> {
  const status = statusJson(await card.status());
  return { json: status.flashCopy, text: flashCopyLines(status).map((line) => `${line.trimStart()}\n`).join('') };
}
