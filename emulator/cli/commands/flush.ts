import type { Command } from 'commander';
import { addCardVerb } from '../verb.js';
import type { World } from '../world.js';

export function addFlush(program: Command, world: World): void {
  addCardVerb(program, world, {
    name: 'flush',
    summary: 'make completed writes durable',
    description: 'Makes every completed write durable; while the pair is live, on both cards.',
    examples: ['flush -c tcp://127.0.0.1:7001'],
    run: async (card) => {
      await card.flush();
      return { json: { flushed: true }, text: 'Every completed write is durable.\n' };
    },
  });
}
