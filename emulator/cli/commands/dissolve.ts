import type { Command } from 'commander';
import { addCardVerb } from '../verb.js';
import type { World } from '../world.js';
import { statusReport } from './status.js';

export function addDissolve(program: Command, world: World): void {
  addCardVerb(program, world, {
    name: 'dissolve',
    summary: 'end the relationship on this card',
    description: 'Ends the relationship on this card, which is standalone afterwards. Its data stays. The other card is not told.',
    examples: ['dissolve -c tcp://127.0.0.1:7001'],
    run: async (card) => {
      await card.dissolve();
      return statusReport(card);
    },
  });
}
