import fc from 'fast-check';
import { it } from 'vitest';
import { Host } from './model/host.js';
import { InProcessCard } from './model/in-process-card.js';
import { steps } from './model/steps.js';

const RUNS = 100;

/** A card that tracks what hosts write, with one host. */
async function setUp(seed: number, badDisk: boolean): Promise<Host> {
  const card = new InProcessCard(seed, badDisk);
  await card.booted();
  const host = new Host(card, { ...(await card.connect(4)), cut: false });
  await host.connection.driver.establish({ secondaryName: 'york' });
  return host;
}

/** Nothing is in flight any more: everything is as the model says, read once more and on the disk. */
async function expectAll(host: Host): Promise<void> {
  await host.settle();
  const outlooks = host.model.outlooks();
  await host.connection.driver.flush();
  host.expectDurable('in the end', outlooks);
  for (const outlook of outlooks) {
    host.start('read in the end', (driver) => driver.read(outlook.lba * host.blockBytes, host.blockBytes), (content) => {
      host.expectContent('read in the end', outlook, content);
    });
  }
  await host.settle();
}

it.each([
  ['a good disk', false],
  ['a disk that fails now and then', true],
])('the driver and a card with %s keep to a plain map of blocks, whatever is in flight', async (_what, badDisk) => {
  await fc.assert(
    fc.asyncProperty(steps(), fc.nat(), async (commands, seed) => {
      const host = await setUp(seed, badDisk);
      try {
        await fc.asyncModelRun(() => ({ model: host.model, real: host }), commands);
        await expectAll(host);
      } finally {
        host.connection.driver.close();
        host.card.stop();
      }
    }),
    { numRuns: RUNS },
  );
});
