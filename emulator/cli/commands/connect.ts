import type { Command } from 'commander';
import { type CardStatus, LinkState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { statusName, statusSentence } from '../../../protos/status/sentences.js';
import { RefusedError } from '../errors.js';
import { CONNECT_OUTCOME_MS, JOB_POLL_MS } from '../limits.js';
import { addressText } from '../options.js';
import { addCardVerb } from '../verb.js';
import type { Card, World } from '../world.js';
import { statusReport } from './status.js';

interface ConnectOptions {
  readonly peer: string;
  readonly conventional?: boolean;
  readonly overwrite?: boolean;
  readonly wait: boolean;
}

export function addConnect(program: Command, world: World): void {
  addCardVerb<ConnectOptions>(program, world, {
    name: 'connect',
    summary: 'ask the primary for synchronization (314)',
    description:
      'Tells a secondary where its primary is. Its requester (314) asks for synchronization from the primary\'s map, ' +
      'and only dirty grains cross (316). The card remembers the wish, and connects again after every loss and restart. ' +
      `Waits up to ${String(CONNECT_OUTCOME_MS / 1000)} s to say how it went; if the primary refuses, ends with code 3.`,
    examples: [
      'connect -c tcp://127.0.0.1:7002 --peer tcp://127.0.0.1:7101',
      'connect -c tcp://127.0.0.1:7002 --peer tcp://127.0.0.1:7101 --conventional --overwrite',
    ],
    configure: (command) => {
      command.requiredOption('--peer <address>', 'where the primary\'s peer port is, as seen from the secondary', addressText);
      command.option('--conventional', 'the prior art: copy every grain, by the secondary\'s own all-dirty bitmap');
      command.option('--overwrite', 'go on even though hosts have written to this card');
      command.option('--no-wait', 'return as soon as the card remembers the wish');
    },
    run: async (card, { peer, conventional = false, overwrite = false, wait }, { world: here }) => {
      await card.connectPeer({ address: peer, conventional, overwrite });
      if (wait) await awaitOutcome(card, here);
      return statusReport(card);
    },
  });
}

/** @throws RefusedError when the primary refuses; neither meeting nor refusal in time is no error. */
async function awaitOutcome(card: Card, world: World): Promise<void> {
  const deadlineMs = world.nowMs() + CONNECT_OUTCOME_MS;
  for (;;) {
    const status = await card.status();
    if (status.linkState === LinkState.ONLINE) return;
    if (status.linkState === LinkState.REFUSED) throw refusal(status);
    if (world.nowMs() >= deadlineMs) {
      world.stderr.write('grainlink: the primary has not answered yet; the card goes on trying, and `status` shows how that goes.\n');
      return;
    }
    await world.sleep(JOB_POLL_MS);
  }
}

function refusal({ linkStatus, linkDetail }: CardStatus): RefusedError {
  return new RefusedError(statusName(linkStatus), statusSentence(linkStatus), linkDetail);
}
