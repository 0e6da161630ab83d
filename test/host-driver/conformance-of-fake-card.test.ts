import { connect, inProcessTransport, serialTransport } from '../../host-driver/index.js';
import { openPtyPair, socatIsMissing } from '../support/pty-pair.js';
import { describeConformance } from './conformance.js';
import { LEAST_VOLUME_BYTES } from './conformance-bench.js';
import { FakeCard } from './fake-card.js';
import { listenTcp, memoryLine, openSerialLine } from './fake-lines.js';

/*
 * The fake card of the driver's tests is held to what real boards are held to; and the suite is tried over
 * every transport with a card that cannot be what is wrong.
 */
const newCard = (): FakeCard => new FakeCard({ volumeBytes: LEAST_VOLUME_BYTES });
const CONNECT_TIMEOUT_MS = 5000;

describeConformance('fake card in process', () => {
  const card = newCard();
  return Promise.resolve({
    manyLines: true,
    openLine: () => {
      const { host, card: end } = memoryLine();
      card.serve(end);
      return Promise.resolve(inProcessTransport(host));
    },
    close: () => Promise.resolve(),
  });
});

describeConformance('fake card over TCP', async () => {
  const card = newCard();
  const { address, close } = await listenTcp((line) => { card.serve(line); });
  return { manyLines: true, openLine: () => connect(address, CONNECT_TIMEOUT_MS), close };
});

if (!socatIsMissing()) {
  describeConformance('fake card over a serial line', async () => {
    const ports = await openPtyPair();
    const line = await openSerialLine(ports.paths[1]);
    newCard().serve(line);
    return {
      manyLines: false,
      openLine: () => serialTransport(ports.paths[0], 115_200),
      close: async () => {
        await line.closed();
        await ports.close();
      },
    };
  });
}
