import { resolve } from 'node:path';
import type { Command } from 'commander';
import { mediumSummaryJson, mediumSummaryText } from '../medium-summary.js';
import { addVerb } from '../verb.js';
import type { World } from '../world.js';

export function addMediumInspect(medium: Command, world: World): void {
  addVerb(medium, world, {
    name: 'inspect',
    summary: 'what a medium says of itself',
    description: 'Shows the label and the seal of a medium: what it holds, of whom, and whether its export was completed. Needs no card. Does not read the data: see `medium verify`.',
    examples: ['medium inspect /media/usb/t0.medium'],
    configure: (command) => { command.argument('<file>', 'the medium, on this machine'); },
    run: async (_options, _run, [file = '']) => {
      const path = resolve(file);
      // Loaded here, so that the verbs of a host start without the firmware.
      const [{ runMediumTask }, { inspectMedium }] = await Promise.all([import('../medium-task.js'), import('../../../firmware/medium/inspect.js')]);
      const json = mediumSummaryJson(path, await runMediumTask('inspect', (inspector) => inspectMedium(inspector, path)));
      return { json, text: mediumSummaryText(json) };
    },
  });
}
