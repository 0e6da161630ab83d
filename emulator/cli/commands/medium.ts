import type { Command } from 'commander';
import type { World } from '../world.js';
import { addMediumExport } from './medium-export.js';
import { addMediumInspect } from './medium-inspect.js';
import { addMediumLoad } from './medium-load.js';
import { addMediumVerify } from './medium-verify.js';

/** The portable medium (212). */
export function addMedium(program: Command, world: World): void {
  const medium = program
    .command('medium')
    .summary('the portable medium (212): export, load, inspect, verify')
    .description('The portable medium (212): one file that carries T0 from the primary to the secondary.');
  addMediumExport(medium, world);
  addMediumLoad(medium, world);
  addMediumInspect(medium, world);
  addMediumVerify(medium, world);
}
