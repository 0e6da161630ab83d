import { describe, expect, test } from 'vitest';
import type { AdminBody } from '../../../emulator/simulation/sim-card.js';
import { Role, Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { persists } from '../support/operations.js';
import { livePair, Pair } from '../support/pair.js';
import { seededPair } from '../support/seeding.js';

const establish = (secondaryName = 'S', flashCopy = false): AdminBody => ({ case: 'establish', value: { secondaryName, flashCopy } });
const connect = (conventional = false, overwrite = false, address = 'P'): AdminBody => ({ case: 'connectPeer', value: { address, conventional, overwrite } });
const stop = (access = false): AdminBody => ({ case: 'stop', value: { access } });
const start = (discardSecondary = false): AdminBody => ({ case: 'start', value: { discardSecondary } });
const dissolve: AdminBody = { case: 'dissolve', value: {} };
const disconnect: AdminBody = { case: 'disconnectPeer', value: {} };
const startFlashCopy: AdminBody = { case: 'flashCopyStart', value: {} };
const stopFlashCopy: AdminBody = { case: 'flashCopyStop', value: {} };

/** Cards in each state that a command may meet. */
const PAIRS = {
  standalone: () => new Pair(),
  established: () => {
    const pair = new Pair();
    pair.establish();
    return pair;
  },
  live: () => livePair(),
  seeded: () => seededPair(),
  atT0: () => {
    const pair = new Pair();
    pair.establish(true);
    return pair;
  },
  written: () => {
    const pair = new Pair();
    pair.finish(pair.secondary.write(0, new Uint8Array(512).fill(1)));
    return pair;
  },
  stopped: () => {
    const pair = livePair();
    for (const side of pair.sides) pair.command(side, stop());
    return pair;
  },
  split: () => {
    const pair = livePair();
    pair.command(pair.secondary, stop(true));
    return pair;
  },
  inconsistent: () => {
    const pair = new Pair();
    pair.connect(true);
    return pair;
  },
} as const;

describe('a command is refused, by name, and changes nothing', () => {
  test.each<[keyof typeof Status, keyof typeof PAIRS, 'primary' | 'secondary', string, AdminBody]>([
    ['ALREADY_ESTABLISHED', 'established', 'primary', 'a second establish', establish()],
    ['NOT_STANDALONE', 'live', 'secondary', 'establish at a secondary', establish()],
    ['INVALID_FIELD', 'standalone', 'primary', 'a name of 65 bytes', establish('ü'.repeat(33))],
    ['INVALID_FIELD', 'atT0', 'primary', 'an export to a path of 4097 bytes', { case: 'mediumExport', value: { path: `/${'x'.repeat(4096)}` } }],
    ['INVALID_FIELD', 'standalone', 'primary', 'a load from a path of 4097 bytes', { case: 'mediumLoad', value: { path: `/${'x'.repeat(4096)}` } }],
    ['NO_RELATIONSHIP', 'standalone', 'primary', 'dissolve', dissolve],
    ['NOT_PRIMARY', 'standalone', 'primary', 'a FlashCopy', startFlashCopy],
    ['NOT_PRIMARY', 'live', 'secondary', 'a FlashCopy at a secondary', startFlashCopy],
    ['NO_FLASH_COPY', 'established', 'primary', 'the end of a FlashCopy', stopFlashCopy],
    ['FLASH_COPY_ACTIVE', 'atT0', 'primary', 'a second FlashCopy', startFlashCopy],
    ['NOT_SECONDARY', 'live', 'primary', 'connect at a primary', connect()],
    ['NOT_LOADED', 'standalone', 'secondary', 'connect of a card that loaded nothing', connect()],
    ['HOSTS_HAVE_WRITTEN', 'written', 'secondary', 'the conventional way over what hosts wrote', connect(true)],
    ['INVALID_FIELD', 'seeded', 'secondary', 'connect to nowhere', connect(false, false, '')],
    ['INVALID_FIELD', 'seeded', 'secondary', 'connect to an endless address', connect(false, false, 'P'.repeat(257))],
    ['ALREADY_CONNECTED', 'live', 'secondary', 'connect anew to the same', connect()],
    ['SECONDARY_HAS_WRITES', 'split', 'secondary', 'the conventional way while hosts may write', connect(true, true)],
    ['NOT_SECONDARY', 'live', 'primary', 'disconnect at a primary', disconnect],
    ['NOT_WISHED', 'seeded', 'secondary', 'disconnect of what is not connected', disconnect],
    ['NO_RELATIONSHIP', 'standalone', 'primary', 'stop', stop()],
    ['ACCESS_AT_PRIMARY', 'live', 'primary', 'access at a primary', stop(true)],
    ['ALREADY_STOPPED', 'stopped', 'primary', 'a second stop', stop()],
    ['ALREADY_STOPPED', 'stopped', 'secondary', 'a second stop', stop()],
    ['ALREADY_STOPPED', 'split', 'secondary', 'access twice', stop(true)],
    ['NOT_CONSISTENT', 'inconsistent', 'secondary', 'access to half a copy', stop(true)],
    ['NO_RELATIONSHIP', 'standalone', 'primary', 'start', start()],
    ['NOT_STOPPED', 'live', 'primary', 'start of what runs', start()],
    ['NOT_STOPPED', 'live', 'secondary', 'start of what runs', start(true)],
  ])('%s: %s, %s: %s', (status, state, name, _what, command) => {
    const pair = PAIRS[state]();
    const { control } = pair[name].components.core.state;
    const before = control.current.sequence;
    expect(Status[pair.admin(pair[name], command)]).toBe(status);
    expect(control.current.sequence).toBe(before);
  });
});

test('stop and start hold over a reboot, on either card', () => {
  for (const name of ['primary', 'secondary'] as const) {
    const pair = livePair();
    pair.command(pair[name], stop());
    pair.reboot(pair[name]);
    pair.pass(3000);
    expect([pair[name].status().stopped, pair.synchronized]).toEqual([true, false]);
    pair.command(pair[name], start());
    pair.untilSynchronized();
  }
});

test('disconnect and connect hold over a reboot', () => {
  const pair = livePair();
  pair.command(pair.secondary, disconnect);
  pair.reboot(pair.secondary);
  pair.pass(3000);
  expect([pair.secondary.status().connectWished, pair.synchronized]).toEqual([false, false]);
  pair.command(pair.secondary, connect());
  pair.reboot(pair.secondary);
  pair.untilSynchronized();
});

test('a stopped secondary may be given access afterwards', () => {
  const pair = livePair();
  pair.command(pair.secondary, stop());
  pair.command(pair.secondary, stop(true));
  pair.finish(pair.secondary.write(0, new Uint8Array(512).fill(1)));
});

test('dissolve leaves a standalone card with its data, on either side', () => {
  for (const name of ['primary', 'secondary'] as const) {
    const pair = livePair();
    pair.finish(pair.primary.write(4096, new Uint8Array(512).fill(7), true));
    pair.command(pair[name], dissolve);
    const { role, generation, relationshipId, connectWished } = pair[name].status();
    expect([role, generation, relationshipId.length, connectWished]).toEqual([Role.STANDALONE, 0n, 0, false]);
    expect(pair[name].volume()[4096]).toBe(7);
    pair.finish(pair[name].write(0, new Uint8Array(512).fill(8)));
    expect(pair[name].status().grainsOutOfSync).toBe(0n);
  }
});

test('rule 12: dissolve empties a secondary whose data is half copied', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(4096, new Uint8Array(512).fill(7), true));
  pair.command(pair.secondary, { case: 'disconnectPeer', value: {} });
  const { control } = pair.secondary.components.core.state;
  pair.finish(pair.secondary.launch(control.commit((draft) => { draft.consistent = false; })));
  pair.command(pair.secondary, dissolve);
  expect(pair.secondary.volume()[4096]).toBe(0);
  expect(pair.secondary.status().grainsWritten).toBe(0n);
});

test('what ended a relationship is not told of the next one', () => {
  const pair = livePair();
  pair.command(pair.secondary, { case: 'disconnectPeer', value: {} });
  for (const name of ['primary', 'secondary'] as const) {
    expect(pair[name].status().linkStatus).not.toBe(Status.SUCCESS);
    pair.command(pair[name], dissolve);
    expect(pair[name].status()).toMatchObject({ linkStatus: Status.SUCCESS, linkDetail: '' });
  }
  pair.establish();
  expect(pair.primary.status().linkStatus).toBe(Status.SUCCESS);
});

test('a secondary whose primary was dissolved keeps its consistent data, and is refused from then on', () => {
  const pair = livePair();
  pair.finish(pair.primary.write(4096, new Uint8Array(512).fill(7), true));
  pair.command(pair.primary, dissolve);
  pair.until('it is told', () => pair.secondary.status().linkStatus === Status.NOT_PRIMARY);
  const into = new Uint8Array(512);
  pair.finish(pair.secondary.read(4096, into));
  expect(into[0]).toBe(7);
});

test('an establishment that NVRAM refuses at any step is none, and can be tried again', () => {
  let refused = 0;
  for (let bad = 0; ; bad += 1) {
    const pair = new Pair();
    const { primary } = pair;
    let step = 0;
    primary.board.power.intercept = ({ part, kind }) => {
      if (part !== 'nvram' || kind !== 'persist') return undefined;
      step += 1;
      return step - 1 === bad ? { part: 'nvram', kind: 'io', text: 'NVRAM refuses a line' } : undefined;
    };
    const status = pair.admin(primary, establish());
    if (status === Status.SUCCESS) break;
    refused += 1;
    expect(primary.status().role).toBe(Role.STANDALONE);
    pair.reboot(primary);
    expect(primary.status().role).toBe(Role.STANDALONE);
    pair.establish();
    pair.connect(true);
    pair.untilSynchronized();
  }
  expect(refused).toBeGreaterThanOrEqual(5);
});

test('commands take turns: each finds what the one before has left', () => {
  const pair = livePair();
  const { controlBlocks } = pair.secondary.durable.layout;
  pair.secondary.board.power.intercept = (operation) => (persists(operation, controlBlocks[0]) ? 'hold' : undefined);
  const commands = [stop(), start(), disconnect, stop(true)].map((command) => pair.secondary.admin(command));
  pair.settle();
  expect(commands.some((command) => command.ended)).toBe(false);
  pair.secondary.board.power.intercept = undefined;
  pair.secondary.board.power.release();
  expect(commands.map((command) => Status[pair.finish(command).status])).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS', 'SUCCESS']);
  expect(pair.secondary.status()).toMatchObject({ stopped: true, secondaryAccess: true, connectWished: false });
});

test('half an establishment that NVRAM refuses to undo as well is begun anew by the next', () => {
  const pair = new Pair();
  const { primary } = pair;
  let refuses = false;
  primary.board.power.intercept = ({ part, kind, offsetBytes }) => {
    if (part !== 'nvram' || kind !== 'persist') return undefined;
    // From the empty map on: the relationship is in the control block, without a generation.
    refuses ||= offsetBytes >= primary.durable.layout.dirty.offsetBytes;
    return refuses ? { part: 'nvram', kind: 'io', text: 'NVRAM refuses a line' } : undefined;
  };
  expect(pair.admin(primary, establish())).not.toBe(Status.SUCCESS);
  primary.board.power.intercept = undefined;
  expect(primary.status()).toMatchObject({ role: Role.PRIMARY, generation: 0n });
  pair.establish();
  pair.connect(true);
  pair.untilSynchronized();
});
