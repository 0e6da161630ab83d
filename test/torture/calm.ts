import { setTimeout as delay } from 'node:timers/promises';
import { compareSwitchedOff } from '../emulator/kill/comparison.js';
import type { Operator } from './operator.js';
import { CALM_LOOK_MS, CONVERGENCE_MS } from './settings.js';
import type { TorturedPair } from './tortured-pair.js';

/**
 * Faults have stopped: the pair becomes synchronized within a bound (rule 18), hosts stand still, and both volumes
 * are as hosts were told, and so the same (rule 11). Hosts stand still when it returns.
 * @throws Error
 */
export async function comeToRest(pair: TorturedPair, operator: Operator): Promise<void> {
  pair.journal.note('calm');
  await within(pair, 'the pair becomes synchronized', () => operator.step(true));
  await pair.orFail(pair.host.pause());
  await within(pair, 'every write is durable on both', async () => {
    if (!(await operator.step(true))) return false;
    return (await pair.primary.driver.status()).grainsInIntent === 0n;
  });
  await within(pair, 'both volumes are compared', () => operator.lockstep.compare());
}

/** Both shut down cleanly, and their files hold what hosts were told. Nothing is under way. */
export async function endAndCompare(pair: TorturedPair): Promise<void> {
  await pair.host.stop();
  pair.host.detach();
  await pair.primary.shutDown();
  await pair.secondary.shutDown();
  await compareSwitchedOff(pair.primary.directory, pair.secondary.directory, pair.model);
}

async function within(pair: TorturedPair, what: string, isSo: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + CONVERGENCE_MS;
  while (!(await pair.orFail(isSo()))) {
    if (performance.now() > endMs) throw new Error(`faults have stopped, and this did not come within ${String(CONVERGENCE_MS / 1000)} s: ${what}\n${await pair.describe()}`);
    await pair.orFail(delay(CALM_LOOK_MS));
  }
}
