import type { Command } from 'commander';
import { addCardVerb } from '../verb.js';
import type { World } from '../world.js';
import { statusReport } from './status.js';

export function addStop(program: Command, world: World): void {
  addCardVerb<{ access?: boolean }>(program, world, {
    name: 'stop',
    summary: 'stop copying; both sides track',
    description:
      'Stops mirroring and synchronization until `start`, also over a restart. Each side records what is written to it. ' +
      'With --access, at the secondary, hosts may write there.',
    examples: ['stop -c tcp://127.0.0.1:7001', 'stop -c tcp://127.0.0.1:7002 --access'],
    configure: (command) => {
      command.option('--access', 'at the secondary: let hosts write to it');
    },
    run: async (card, { access = false }) => {
      await card.stop({ access });
      return statusReport(card);
    },
  });
}
