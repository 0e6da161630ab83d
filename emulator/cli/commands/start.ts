import type { Command } from 'commander';
import { addCardVerb } from '../verb.js';
import type { World } from '../world.js';
import { statusReport } from './status.js';

export function addStart(program: Command, world: World): void {
  addCardVerb<{ discardSecondary?: boolean }>(program, world, {
    name: 'start',
    summary: 'go on copying after `stop`',
    description:
      'Takes `stop` back: what either side wrote meanwhile is copied from the primary. ' +
      'If hosts wrote to the secondary, those writes are lost, so that this is refused without --discard-secondary.',
    examples: ['start -c tcp://127.0.0.1:7001', 'start -c tcp://127.0.0.1:7002 --discard-secondary'],
    configure: (command) => {
      command.option('--discard-secondary', 'at the secondary: give up what its hosts wrote while they had access');
    },
    run: async (card, { discardSecondary = false }) => {
      await card.start({ discardSecondary });
      return statusReport(card);
    },
  });
}
