import { afterEach, beforeEach, describe } from 'vitest';
import { HostDriver } from '../../host-driver/index.js';
import type { Transport } from '../../host-driver/transport.js';
import { conformanceOfAdministration } from './conformance-administration.js';
import { conformanceOfBadInput } from './conformance-bad-input.js';
import type { Bench, ConformanceTarget } from './conformance-bench.js';
import { conformanceOfConnections } from './conformance-connections.js';
import { conformanceOfData } from './conformance-data.js';
import { RawHost } from './raw-host.js';

/** Long enough for the slowest part of a busy machine: a test that waits this long has failed. */
const TIMEOUT_MS = 20_000;

/**
 * What any card has to do for any host, over whatever line. Each test gets a target of its own.
 */
export function describeConformance(name: string, openTarget: () => Promise<ConformanceTarget>): void {
  describe(`conformance: ${name}`, { timeout: 2 * TIMEOUT_MS }, () => {
    let target: ConformanceTarget | undefined;
    const lines: Transport[] = [];

    const openLine = async (): Promise<Transport> => {
      const line = await current().openLine();
      lines.push(line);
      return line;
    };
    const current = (): ConformanceTarget => {
      if (target === undefined) throw new Error('no target outside of a test');
      return target;
    };
    const bench: Bench = {
      get target() { return current(); },
      connect: async (queueDepth = 32) => HostDriver.connect(await openLine(), { queueDepth, timeoutMs: TIMEOUT_MS }),
      openRaw: async () => new RawHost(await openLine()),
      connectRaw: async () => {
        const raw = await bench.openRaw();
        // A nonce of its own for each line of the test.
        await raw.connect(lines.length);
        return raw;
      },
    };

    beforeEach(async () => { target = await openTarget(); });
    afterEach(async () => {
      for (const line of lines.splice(0)) line.close();
      await target?.close();
      target = undefined;
    });

    conformanceOfAdministration(bench);
    conformanceOfData(bench);
    conformanceOfBadInput(bench);
    conformanceOfConnections(bench);
  });
}
