import type { Command } from 'commander';
import { UsageError } from '../errors.js';
import { WATCH_MS } from '../limits.js';
import type { Report } from '../report.js';
import { statusJson } from '../status-json.js';
import { statusText } from '../status-text.js';
import { addCardVerb } from '../verb.js';
import type { Card, World } from '../world.js';

const HOME_AND_CLEAR = '\u001b[H\u001b[J';

export function addStatus(program: Command, world: World): void {
  addCardVerb<{ watch?: boolean }>(program, world, {
    name: 'status',
    summary: 'role, state, progress, link',
    description:
      'Shows the card\'s role and state, what is out-of-sync, the T0 image, the link, and the newest export or load. ' +
      'Words are those of DRBD (Primary, UpToDate, out-of-sync) and SVC (ConsistentSynchronized, Prepared).',
    examples: ['status -c tcp://127.0.0.1:7001', 'status -c tcp://127.0.0.1:7001 --watch'],
    configure: (command) => {
      command.option('--watch', 'show it anew every second until Ctrl-C (not with --json)');
    },
    run: async (card, { watch = false }, run) => {
      if (!watch) return statusReport(card);
      if (run.json) throw new UsageError('--watch shows many statuses and --json prints one document: give one of them.');
      return watchStatus(card, run.world);
    },
  });
}

/** What every verb that changes the card's state ends with. */
export async function statusReport(card: Card, said = ''): Promise<Report> {
  const json = statusJson(await card.status());
  return { json, text: said + statusText(json) };
}

/** Ends with the connection, or with Ctrl-C around it. */
async function watchStatus(card: Card, world: World): Promise<never> {
  for (;;) {
    const { text } = await statusReport(card);
    world.stdout.write(world.stdout.isTty ? `${HOME_AND_CLEAR}${text}` : `${text}\n`);
    await world.sleep(WATCH_MS);
  }
}
