import type { Command } from 'commander';
import type { World } from '../world.js';
import { addCardFormat } from './card-format.js';
import { addCardRun } from './card-run.js';

/** What is done with a card's directory, without a host. */
export function addCard(program: Command, world: World): void {
  const card = program.command('card').summary('make a card, switch one on: format, run').description('A card is a directory: NVRAM, volume and FlashCopy store as files.');
  addCardFormat(card, world);
  addCardRun(card, world);
}
