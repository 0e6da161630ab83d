import type { Command } from 'commander';
import { addCardVerb } from '../verb.js';
import type { World } from '../world.js';
import { statusReport } from './status.js';

export function addEstablish(program: Command, world: World): void {
  addCardVerb<{ secondary?: string; flashCopy?: boolean }>(program, world, {
    name: 'establish',
    summary: 'make the card a primary (302)',
    description:
      'Makes the card the primary of a secondary that it need not have met (302). From this instant it records which ' +
      'grains hosts make dirty. With --flash-copy T0 is taken in the same instant, so that nothing is dirty that T0 holds.',
    examples: ['establish -c tcp://127.0.0.1:7001 --secondary london --flash-copy'],
    configure: (command) => {
      command.option('--secondary <name>', 'a name for the secondary, for people; at most 64 bytes');
      command.option('--flash-copy', 'take T0 at the same instant');
    },
    run: async (card, { secondary = '', flashCopy = false }) => {
      await card.establish({ secondaryName: secondary, flashCopy });
      return statusReport(card);
    },
  });
}
