import type { Command } from 'commander';
import { sizeOf } from '../options.js';
import { addVerb } from '../verb.js';
import type { World } from '../world.js';
import type { DemoOptions } from '../demo/plan.js';

export function addDemo(program: Command, world: World): void {
  addVerb<DemoOptions>(program, world, {
    name: 'demo',
    summary: 'the whole method, between two card processes, on real data',
    description:
      'Carries out the method from the establishment to a live pair, on real bytes, while a host keeps writing: T0 travels on a medium, ' +
      'only dirty grains cross the link, the secondary is killed and comes back, and in the end both volumes are compared byte for byte. ' +
      'Then the conventional method is measured on the same data. Takes about a minute; all of it happens in a temporary directory, ' +
      'of which nothing is left.',
    examples: ['demo', 'demo --size 1GiB --grain 256KiB', 'demo --image /var/lib/images/disk.img --json'],
    configure: (command) => {
      command.option('--image <file>', 'fill the primary with the content of this file (default: files of this machine, 256MiB of them)');
      command.option('--size <size>', 'of the volume: 16MiB to 16GiB (default: half as much again as the data)', sizeOf('--size'));
      command.option('--grain <size>', 'of a grain: 4KiB to 16MiB, a power of two (default: 64KiB)', sizeOf('--grain'));
    },
    run: async (options, run) => {
      // Loaded here, so that the verbs of a host start without it.
      const { runDemo } = await import('../demo/demo.js');
      return runDemo(options, run);
    },
  });
}
