import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Board, type BoardOptions, openBoard } from '../../emulator/board.js';
import { formatDirectory } from '../../emulator/card-directory.js';
import { HostDriver, inProcessTransport } from '../../host-driver/index.js';
import { pattern, recordingTrace, same, temporaryDirectory, until } from './support.js';

const MIB = 1024 * 1024;
const LOCAL = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;

const boards: Board[] = [];
afterEach(async () => {
  for (const board of boards.splice(0)) await board.powerOff();
});

async function newCard(): Promise<string> {
  const directory = temporaryDirectory();
  await formatDirectory(directory, { sizeBytes: 4 * MIB, nvramBytes: 128 * 1024 });
  return directory;
}

async function switchOn(directory: string, options: Partial<BoardOptions> = {}): Promise<Board> {
  const onFault = (error: Error): void => { throw error; };
  const board = await openBoard({ directory, host: [], trace: recordingTrace(), onFault, ...options });
  boards.push(board);
  return board;
}

function hostOf(board: Board): Promise<HostDriver> {
  const channel = board.connectInProcess();
  if (channel === undefined) throw new Error('no room for a host');
  return HostDriver.connect(inProcessTransport(channel));
}

describe('a board', () => {
  it('serves hosts over TCP and in the process, at once, from one volume', async () => {
    const board = await switchOn(await newCard(), { host: [LOCAL, LOCAL] });
    expect(board.hostAddresses).toHaveLength(2);
    const data = pattern(100 * 4096, 1);
    const inProcess = await hostOf(board);
    await inProcess.write(8192, data);
    for (const address of board.hostAddresses) {
      const host = await HostDriver.connect(address);
      expect(same(await host.read(8192, data.length), data)).toBe(true);
      host.close();
    }
    inProcess.close();
  });

  it('keeps what hosts wrote over a clean shutdown', async () => {
    const directory = await newCard();
    const first = await switchOn(directory);
    const data = pattern(4096, 2);
    await (await hostOf(first)).write(0, data);
    expect(await first.close()).toBe(true);
    const trace = recordingTrace();
    const second = await switchOn(directory, { trace });
    expect(same(await (await hostOf(second)).read(0, 4096), data)).toBe(true);
    expect(trace.names.filter((name) => name.startsWith('nvram'))).toEqual([]);
  });

  it('keeps what hosts wrote over a power cut', async () => {
    const directory = await newCard();
    const first = await switchOn(directory);
    const data = pattern(65_536, 3);
    await (await hostOf(first)).write(MIB, data, { fua: true });
    await first.powerOff();
    const second = await switchOn(directory);
    expect(same(await (await hostOf(second)).read(MIB, data.length), data)).toBe(true);
  });

  it('has its directory to itself while it is on', async () => {
    const directory = await newCard();
    const board = await switchOn(directory);
    await expect(openBoard({ directory, host: [], trace: recordingTrace(), onFault: () => undefined })).rejects.toMatchObject({
      code: 'CARD_DIRECTORY_IN_USE',
    });
    await Promise.all([board.close(), board.close()]);
    expect(await (await switchOn(directory)).close()).toBe(true);
  });

  it('lets go of everything when an address cannot be used', async () => {
    const directory = await newCard();
    const other = await switchOn(await newCard(), { host: [LOCAL] });
    const port = Number(other.hostAddresses[0]?.split(':').at(-1));
    const options = { directory, host: [LOCAL, { ...LOCAL, port }], trace: recordingTrace(), onFault: () => undefined };
    await expect(openBoard(options)).rejects.toMatchObject({ code: 'ADDRESS_NOT_USABLE' });
    await switchOn(directory);
  });

  it('says when there is no card', async () => {
    await expect(switchOn(temporaryDirectory())).rejects.toMatchObject({ code: 'CARD_DIRECTORY_HAS_NO_CARD' });
  });

  it('tells that it cannot be switched on when nothing is left that knows the card', async () => {
    const directory = await newCard();
    for (const name of ['nvram', 'reserved']) {
      const fd = openSync(join(directory, name), 'r+');
      writeSync(fd, new Uint8Array(64 * 1024), 0, 64 * 1024, 0);
      closeSync(fd);
    }
    const faults: Error[] = [];
    const board = await switchOn(directory, { onFault: (error) => faults.push(error) });
    await until(() => faults.length > 0);
    expect(faults[0]).toMatchObject({ code: 'CARD_DIRECTORY_DAMAGED', message: expect.stringMatching(/control block/) });
    expect(await board.close()).toBe(false);
  });

  it('joins two cards: one listens for its peer, and tells where', async () => {
    const board = await switchOn(await newCard(), { peer: LOCAL });
    expect(board.peerAddress).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    expect((await switchOn(await newCard())).peerAddress).toBeUndefined();
  });
});
