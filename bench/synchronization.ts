import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BenchCard, formatCard, startCard, synchronized } from './card.js';
import { fillRandom } from './random-data.js';
import { megabytesASecond, type Section } from './report.js';
import { interleave, median, ratio, timed } from './rounds.js';
import { sleep } from './sleep.js';

const GIB = 1024 ** 3;
const VOLUME_BYTES = GIB;
const TARGET = 0.6;
const NBDKIT_START_MS = 300;

/**
 * Synchronization of a wholly dirty volume between two processes over TCP, durable at the secondary, beside
 * `nbdcopy` of the same file to a memory disk, which makes nothing durable.
 */
export async function benchSynchronization(directory: string): Promise<Section> {
  const primaryDirectory = join(directory, 'primary');
  await formatCard(primaryDirectory, VOLUME_BYTES);
  await formatCard(join(directory, 'secondary'), VOLUME_BYTES);
  const primary = await startCard(primaryDirectory);
  const secondary = await startCard(join(directory, 'secondary'));
  const port = await freePort();
  const nbdkit = spawn('nbdkit', ['-f', '-i', '127.0.0.1', '-p', String(port), 'memory', String(VOLUME_BYTES)], { stdio: 'ignore' });
  process.once('exit', () => { nbdkit.kill('SIGKILL'); });
  try {
    await fillRandom(primary.driver, 0, VOLUME_BYTES);
    await primary.driver.establish({ secondaryName: 'bench' });
    await sleep(NBDKIT_START_MS);
    const timings = await interleave([
      { name: 'synchronization', run: () => wholeSynchronization(primary, secondary) },
      { name: 'nbdcopy', run: () => timed(() => promisify(execFile)('nbdcopy', [join(primaryDirectory, 'volume.000'), `nbd://127.0.0.1:${String(port)}`])) },
    ]);
    const speed = (name: string): string => megabytesASecond(VOLUME_BYTES, median(timings.get(name) ?? []));
    return {
      title: 'Synchronization: 1 GiB wholly dirty, two processes over TCP, fdatasync at the secondary',
      lines: [
        { what: 'synchronization (316)', value: speed('synchronization'), ratio: ratio(timings, 'synchronization', 'nbdcopy'), target: TARGET },
        { what: 'nbdcopy to nbdkit memory', value: speed('nbdcopy') },
      ],
    };
  } finally {
    nbdkit.kill('SIGTERM');
    await primary.stop();
    await secondary.stop();
  }
}

async function wholeSynchronization(primary: BenchCard, secondary: BenchCard): Promise<number> {
  if ((await secondary.driver.status()).connectWished) await secondary.driver.disconnectPeer();
  const before = (await primary.driver.status()).grainsSynchronized;
  const seconds = await timed(async () => {
    await secondary.driver.connectPeer({ address: primary.peer, conventional: true, overwrite: true });
    do {
      await synchronized(primary);
    } while ((await primary.driver.status()).grainsSynchronized === before);
  });
  const { grainsSynchronized, grainsTotal } = await primary.driver.status();
  if (grainsSynchronized - before !== grainsTotal) throw new Error('not every grain was synchronized, so this round measured something else');
  return seconds;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
