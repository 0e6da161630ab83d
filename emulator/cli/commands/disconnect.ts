import type { Command } from 'commander';
import { addCardVerb } from '../verb.js';
import type { World } from '../world.js';
import { statusReport } from './status.js';

export function addDisconnect(program: Command, world: World): void {
  addCardVerb(program, world, {
    name: 'disconnect',
    summary: 'take `connect` back',
    description: 'Takes `connect` back: the secondary ends the link and does not look for its primary any more, also after a restart.',
    examples: ['disconnect -c tcp://127.0.0.1:7002'],
    run: async (card) => {
      await card.disconnectPeer();
      return statusReport(card);
    },
  });
}
