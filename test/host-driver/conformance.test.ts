import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBoard, type Board } from '../../emulator/board.js';
import { formatDirectory } from '../../emulator/card-directory.js';
import { parseAddress } from '../../emulator/parts/address.js';
import { connect, inProcessTransport, serialTransport } from '../../host-driver/index.js';
import { openPtyPair, socatIsMissing } from '../support/pty-pair.js';
import { describeConformance } from './conformance.js';
import { type ConformanceTarget, LEAST_VOLUME_BYTES } from './conformance-bench.js';

const BAUD = 115_200;
const CONNECT_TIMEOUT_MS = 10_000;

/** A real board, freshly formatted, whose files go when it is closed. */
async function openFreshBoard(hosts: readonly string[]): Promise<{ board: Board; close: () => Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'grainlink-conformance-'));
  await formatDirectory(directory, { sizeBytes: LEAST_VOLUME_BYTES });
  const faults: Error[] = [];
  const board = await openBoard({
    directory,
    host: hosts.map(parseAddress),
    trace: { event: () => undefined },
    onFault: (error) => faults.push(error),
  });
  const close = async (): Promise<void> => {
    await board.close();
    rmSync(directory, { recursive: true });
    const [fault] = faults;
    if (fault !== undefined) throw fault;
  };
  return { board, close };
}

describeConformance('board in process', async (): Promise<ConformanceTarget> => {
  const { board, close } = await openFreshBoard([]);
  const openLine = async () => {
    const channel = board.connectInProcess();
    if (channel === undefined) throw new Error('the board has no room for another host');
    return Promise.resolve(inProcessTransport(channel));
  };
  return { manyLines: true, openLine, close };
});

describeConformance('board over TCP', async (): Promise<ConformanceTarget> => {
  const { board, close } = await openFreshBoard(['tcp://127.0.0.1:0']);
  const [address = ''] = board.hostAddresses;
  return { manyLines: true, openLine: () => connect(address, CONNECT_TIMEOUT_MS), close };
});

if (!socatIsMissing()) {
  describeConformance('board over a serial line', async (): Promise<ConformanceTarget> => {
    const ports = await openPtyPair();
    const { close } = await openFreshBoard([`serial://${ports.paths[1]}?baud=${String(BAUD)}`]);
    return {
      manyLines: false,
      openLine: () => serialTransport(ports.paths[0], BAUD),
      close: async () => {
        await close();
        await ports.close();
      },
    };
  });
}
