import { describe, expect, it } from 'vitest';
import { serialBytesPerSecond } from '../../../protos/lines/serial-port.js';
import { socatIsMissing } from '../../support/pty-pair.js';
import { relay } from './serial-cards.js';
import { SerialPair } from './serial-pair.js';

const KIB = 1024;
const DIRTY_BYTES = 128 * KIB;

describe.skipIf(socatIsMissing())('two cards on a line that really has 115200 baud', () => {
  // Ports of socat hold three seconds of such a line, far more than those of hardware.
  it.each(['4KiB', '64KiB'])('synchronize grains of %s, go live, and never take the other for lost', async (grain) => {
    const pair = await SerialPair.seeded(await relay(serialBytesPerSecond(115_200)), 0, grain);
    await pair.write(0, DIRTY_BYTES);
    await pair.connect();
    await pair.live();
    await pair.write(512 * KIB, 16 * KIB);
    const { linkDetail, linkDataBytesSent } = await pair.primary.host.status();
    expect(linkDetail).toBe('');
    expect(Number(linkDataBytesSent)).toBe(DIRTY_BYTES + 16 * KIB);
    await pair.expectEqual();
  });
});
