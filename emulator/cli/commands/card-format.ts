import { resolve } from 'node:path';
import type { Command } from 'commander';
import { sizeOf } from '../options.js';
import { formatBytes } from '../sizes.js';
import { addVerb } from '../verb.js';
import type { World } from '../world.js';

interface FormatOptions {
  readonly dir: string;
  readonly size: number;
  readonly grain?: number;
  readonly nvram?: number;
  readonly store?: number;
}

export function addCardFormat(card: Command, world: World): void {
  addVerb<FormatOptions>(card, world, {
    name: 'format',
    summary: 'make a card in a directory',
    description:
      'Makes a standalone card in a directory that holds none: NVRAM, volume and FlashCopy store as files. ' +
      'They are sparse, so that a volume takes no more of the disk than is written to it.',
    examples: ['card format --dir /tmp/a --size 1GiB', 'card format --dir /tmp/b --size 1TiB --grain 1MiB --nvram 4MiB'],
    configure: (command) => {
      command.requiredOption('--dir <directory>', 'where the card shall be; made if it is not there');
      command.requiredOption('--size <size>', 'of the volume: 1MiB to 16TiB', sizeOf('--size'));
      command.option('--grain <size>', 'of a grain: 4KiB to 16MiB, a power of two (default: the smallest from 64KiB on that NVRAM has room for)', sizeOf('--grain'));
      command.option('--nvram <size>', 'of the NVRAM: 64KiB to 64MiB (default: 2MiB)', sizeOf('--nvram'));
      command.option('--store <size>', 'of the FlashCopy store (default: a quarter of the volume)', sizeOf('--store'));
    },
    run: async ({ dir, size, grain, nvram, store }) => {
      const directory = resolve(dir);
      // Loaded here, so that the verbs of a host start without the firmware.
      const { formatDirectory } = await import('../../card-directory.js');
      const geometry = await formatDirectory(directory, {
        sizeBytes: size,
        ...(grain === undefined ? {} : { grainBytes: grain }),
        ...(nvram === undefined ? {} : { nvramBytes: nvram }),
        ...(store === undefined ? {} : { storeBytes: store }),
      });
      const text =
        `A card stands in ${directory}: ${formatBytes(geometry.sizeBytes)} in grains of ${formatBytes(geometry.grainBytes)}, ` +
        `NVRAM ${formatBytes(geometry.nvramBytes)}, FlashCopy store ${formatBytes(geometry.storeBytes)}.\n`;
      return { json: { directory, ...geometry }, text };
    },
  });
}
