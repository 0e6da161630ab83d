import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExitCode } from '../../../emulator/cli/exit-codes.js';
import { runProgram } from '../../../emulator/cli/program.js';
import type { Card } from '../../../emulator/cli/world.js';
import { CommandError, ConnectionLostError } from '../../../host-driver/index.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { CardStatusSchema, DirtyRunsSchema, JobKind, JobState, LinkState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { CARD, fakeCard, fakeWorld, trackingPrimary } from './fake-world.js';

const VOLUME_BYTES = 24 * 1024 * 1024;

let directory = '';
beforeAll(() => { directory = mkdtempSync(join(tmpdir(), 'grainlink-cli-')); });
afterAll(() => { rmSync(directory, { recursive: true }); });

async function run(args: readonly string[], methods: Partial<Card> = {}, memory = new Uint8Array(VOLUME_BYTES)) {
  const card = fakeCard(memory, methods);
  const world = fakeWorld(() => Promise.resolve(card));
  const exitCode = await runProgram(args, world);
  return { exitCode, out: world.out(), err: world.err(), card };
}

/** What stdout holds, which has to be one JSON document on one line. */
function document(out: string): unknown {
  expect(out).toMatch(/^[^\n]+\n$/);
  return JSON.parse(out);
}

describe('stdout with --json', () => {
  const verbs = [
    ['identify'], ['status'], ['regs'], ['flush'], ['establish'], ['dissolve'], ['dirty'], ['disconnect'], ['stop'], ['start'],
    ['flash-copy', 'start'], ['flash-copy', 'stop'], ['flash-copy', 'status'],
    ['medium', 'export', '--to', 'm', '--no-wait'], ['medium', 'load', '--from', 'm', '--no-wait'],
    ['connect', '--peer', 'tcp://127.0.0.1:7101', '--no-wait'],
  ];

  it.each(verbs)('is one document: %s %s', async (...verb) => {
    const { exitCode, out, err } = await run([...verb, ...CARD, '--json']);
    expect(exitCode).toBe(ExitCode.OK);
    expect(document(out)).toBeTypeOf('object');
    expect(err).toBe('');
  });

  it.each([
    [['--json', 'status'], ExitCode.USAGE],
    [['no-such-verb', '--json'], ExitCode.USAGE],
    [['status', ...CARD, '--json', '--watch'], ExitCode.USAGE],
    [['read', ...CARD, '--json', '--offset', '0', '--length', '512', '--file', '-'], ExitCode.USAGE],
    [['write', ...CARD, '--json', '--offset', '1KB', '--file', 'x'], ExitCode.USAGE],
    [['write', ...CARD, '--json', '--offset', '0', '--file', '/no/such/file'], ExitCode.FILE],
  ])('is one error document: %s', async (args, exitCode) => {
    const ran = await run(args);
    expect(ran.exitCode).toBe(exitCode);
    expect(document(ran.out)).toMatchObject({ error: { code: expect.any(String) as string, message: expect.any(String) as string } });
    expect(ran.err).toBe('');
  });

  it('holds what the card refused, and why', async () => {
    const establish = () => Promise.reject(new CommandError(Status.ALREADY_ESTABLISHED, 'as "london"'));
    const { exitCode, out } = await run(['establish', ...CARD, '--json'], { establish });
    expect(exitCode).toBe(ExitCode.REFUSED);
    expect(document(out)).toMatchObject({ error: { code: 'ALREADY_ESTABLISHED', detail: 'as "london"' } });
  });
});

describe('the command line', () => {
  it('takes --card and --json before the verb as well', async () => {
    expect((await run([...CARD, '--json', 'status'])).exitCode).toBe(ExitCode.OK);
  });

  it.each([
    [['status'], 'needs a card'],
    [['statuss'], 'Did you mean status?'],
    [['read', ...CARD], '--offset'],
    [['status', ...CARD, 'more'], 'Too many arguments'],
    [['connect', ...CARD, '--peer', 'here'], 'tcp://HOST:PORT'],
    [[], 'Name a verb'],
  ])('%s is refused with a hint', async (args, hint) => {
    const { exitCode, out, err } = await run(args);
    expect(exitCode).toBe(ExitCode.USAGE);
    expect(out).toBe('');
    expect(err).toContain(hint);
  });

  it('prints help on stdout, with exit codes, and ends well', async () => {
    const { exitCode, out } = await run(['--help']);
    expect(exitCode).toBe(ExitCode.OK);
    expect(out).toContain('Exit codes:');
  });

  it('shows an example in the help of a verb', async () => {
    expect((await run(['medium', 'load', '--help'])).out).toContain('grainlink medium load -c tcp://127.0.0.1:7002');
  });
});

describe('the connection', () => {
  it('is closed when the verb is done, and when it failed', async () => {
    expect((await run(['flush', ...CARD])).card.closed).toBe(true);
    const flush = () => Promise.reject(new CommandError(Status.DISK_ERROR, ''));
    expect((await run(['flush', ...CARD], { flush })).card.closed).toBe(true);
  });

  it('has an exit code of its own when it is lost', async () => {
    const world = fakeWorld(() => Promise.reject(new ConnectionLostError('nobody is there')));
    expect(await runProgram(['status', ...CARD], world)).toBe(ExitCode.CONNECTION);
    expect(world.err()).toContain('Nobody is there.');
  });

  it('is given up at Ctrl-C, and it is said what goes on', async () => {
    const job = { kind: JobKind.EXPORT, state: JobState.RUNNING, path: '/m' };
    const card = fakeCard(new Uint8Array(512), {
      status: () => {
        world.pressCtrlC();
        return Promise.resolve(create(CardStatusSchema, { ...trackingPrimary, job }));
      },
    });
    const world = fakeWorld(() => Promise.resolve(card));
    const slow = { ...world, sleep: () => new Promise<void>(() => undefined) };
    expect(await runProgram(['medium', 'export', ...CARD, '--to', '/m'], slow)).toBe(ExitCode.INTERRUPTED);
    expect(world.err()).toContain('goes on exporting');
    expect(card.closed).toBe(true);
  });
});

describe('write and read', () => {
  it('carry a file of many pieces there and back', async () => {
    const memory = new Uint8Array(VOLUME_BYTES);
    const data = new Uint8Array(20 * 1024 * 1024 + 512).map((_byte, at) => (at * 7 + (at >> 9)) & 0xff);
    const [from, to] = [join(directory, 'from'), join(directory, 'to')];
    writeFileSync(from, data);
    const wrote = await run(['write', ...CARD, '--json', '--offset', '1MiB', '--file', from], {}, memory);
    expect(document(wrote.out)).toMatchObject({ offsetBytes: 1024 ** 2, lengthBytes: data.length, fua: false });
    const read = await run(['read', ...CARD, '--json', '--offset', '1MiB', '--length', String(data.length), '--file', to], {}, memory);
    expect(document(read.out)).toMatchObject({ offsetBytes: 1024 ** 2, lengthBytes: data.length });
    expect(Buffer.compare(readFileSync(to), data)).toBe(0);
  });

  it('pass force unit access on', async () => {
    const file = join(directory, 'block');
    writeFileSync(file, new Uint8Array(512));
    const seen: unknown[] = [];
    const write: Card['write'] = (_offset, _data, options) => {
      seen.push(options?.fua);
      return Promise.resolve();
    };
    await run(['write', ...CARD, '--offset', '0', '--file', file, '--fua'], { write });
    expect(seen).toEqual([true]);
  });

  it.each([
    ['is not whole blocks', 1000, '0', 'MISALIGNED'],
    ['stands at an odd offset', 512, '100', 'MISALIGNED'],
    ['reaches past the end', 1024, String(VOLUME_BYTES - 512), 'OUT_OF_RANGE'],
  ])('refuse a file that %s before its first byte is written', async (_why, length, offset, code) => {
    const file = join(directory, 'odd');
    writeFileSync(file, new Uint8Array(length).fill(1));
    const memory = new Uint8Array(VOLUME_BYTES);
    const { exitCode, err } = await run(['write', ...CARD, '--offset', offset, '--file', file], {}, memory);
    expect(exitCode).toBe(ExitCode.REFUSED);
    expect(err).toContain(`[${code}]`);
    expect(memory.every((byte) => byte === 0)).toBe(true);
  });

  it('make no file when the read is refused', async () => {
    const file = join(directory, 'never');
    const readInto = () => Promise.reject(new CommandError(Status.READ_INCONSISTENT, ''));
    expect((await run(['read', ...CARD, '--offset', '0', '--length', '512', '--file', file], { readInto })).exitCode).toBe(ExitCode.REFUSED);
    expect(existsSync(file)).toBe(false);
  });
});

describe('a job of the card', () => {
  function jobs(...states: readonly (readonly [JobState, Status])[]): Partial<Card> {
    let at = 0;
    return {
      status: () => {
        const [state, status] = states[Math.min(at, states.length - 1)] ?? [JobState.UNSPECIFIED, Status.UNSPECIFIED];
        at += 1;
        const job = { kind: JobKind.LOAD, state, status, path: '/m', grainsDone: BigInt(at), grainsTotal: 100n };
        return Promise.resolve(create(CardStatusSchema, { ...trackingPrimary, job }));
      },
    };
  }
  const running = [JobState.RUNNING, Status.UNSPECIFIED] as const;

  it('is waited for', async () => {
    const { exitCode, out } = await run(['medium', 'load', ...CARD, '--from', '/m', '--json'], jobs(running, running, [JobState.SUCCEEDED, Status.SUCCESS]));
    expect(exitCode).toBe(ExitCode.OK);
    expect(document(out)).toMatchObject({ kind: 'Load', state: 'Succeeded', grainsDone: 3 });
  });

  it('fails with its own code', async () => {
    const { exitCode, err } = await run(['medium', 'load', ...CARD, '--from', '/m'], jobs(running, [JobState.FAILED, Status.MEDIUM_DAMAGED]));
    expect(exitCode).toBe(ExitCode.REFUSED);
    expect(err).toContain('[MEDIUM_DAMAGED]');
  });

  it('is joined when it runs already', async () => {
    const loadMedium = () => Promise.reject(new CommandError(Status.JOB_RUNNING, ''));
    const methods = { ...jobs(running, [JobState.SUCCEEDED, Status.SUCCESS]), loadMedium };
    expect((await run(['medium', 'load', ...CARD, '--from', '/m'], methods)).exitCode).toBe(ExitCode.OK);
    expect((await run(['medium', 'load', ...CARD, '--from', '/other'], methods)).exitCode).toBe(ExitCode.REFUSED);
  });

  it('shows plain lines of progress where there is no terminal, and none with --json', async () => {
    const long = Array.from({ length: 30 }, () => running);
    const end = [JobState.SUCCEEDED, Status.SUCCESS] as const;
    expect((await run(['medium', 'load', ...CARD, '--from', '/m'], jobs(...long, end))).err).toMatch(/^load: \d+ %(?:, .+)?\n$/);
    expect((await run(['medium', 'load', ...CARD, '--from', '/m', '--json'], jobs(...long, end))).err).toBe('');
  });

  it('gets an absolute path, counted from here', async () => {
    const paths: (string | undefined)[] = [];
    await run(['medium', 'export', ...CARD, '--to', 'm', '--no-wait'], {
      exportMedium: ({ path }) => {
        paths.push(path);
        return Promise.resolve();
      },
    });
    expect(paths).toEqual([join(process.cwd(), 'm')]);
  });
});

describe('connect', () => {
  const statusWith = (linkState: LinkState, linkStatus = Status.SUCCESS): Partial<Card> => ({
    status: () => Promise.resolve(create(CardStatusSchema, { ...trackingPrimary, linkState, linkStatus })),
  });
  const args = ['connect', ...CARD, '--peer', 'tcp://127.0.0.1:7101'];

  it('ends well when the link is online', async () => {
    expect((await run(args, statusWith(LinkState.ONLINE))).exitCode).toBe(ExitCode.OK);
  });

  it('names the reason when the primary refuses', async () => {
    const { exitCode, err } = await run(args, statusWith(LinkState.REFUSED, Status.OTHER_SECONDARY));
    expect(exitCode).toBe(ExitCode.REFUSED);
    expect(err).toContain('[OTHER_SECONDARY]');
  });

  it('ends well, and says so, when the primary does not answer in time: the card goes on trying', async () => {
    const { exitCode, err } = await run(args, statusWith(LinkState.CONNECTING));
    expect(exitCode).toBe(ExitCode.OK);
    expect(err).toContain('goes on trying');
  });
});

describe('dirty', () => {
  it('pages through the map and joins a run that a page cut', async () => {
    const pages = new Map([
      [0n, create(DirtyRunsSchema, { runs: [{ firstGrain: 1n, grains: 2n }, { firstGrain: 8n, grains: 2n }], nextGrain: 10n })],
      [10n, create(DirtyRunsSchema, { nextGrain: 20n })],
      [20n, create(DirtyRunsSchema, { runs: [{ firstGrain: 20n, grains: 1n }], nextGrain: 1n << 40n })],
    ]);
    const cut = new Map(pages).set(10n, create(DirtyRunsSchema, { runs: [{ firstGrain: 10n, grains: 3n }], nextGrain: 20n }));
    const dirtyRuns = (from: typeof pages): Card['dirtyRuns'] => ({ firstGrain = 0n }) => Promise.resolve(from.get(firstGrain) ?? create(DirtyRunsSchema));
    expect((await run(['dirty', ...CARD], { dirtyRuns: dirtyRuns(pages) })).out).toBe('1-2 (2 grains)\n8-9 (2 grains)\n20-20 (1 grain)\n5 grains dirty, 20 KiB.\n');
    const { out } = await run(['dirty', ...CARD, '--json'], { dirtyRuns: dirtyRuns(cut) });
    expect(document(out)).toMatchObject({ dirtyGrains: 8, runs: [{ firstGrain: 1, grains: 2 }, { firstGrain: 8, grains: 5 }, { firstGrain: 20, grains: 1 }] });
  });

  it('does not follow a card that never comes to an end', async () => {
    const dirtyRuns = () => Promise.resolve(create(DirtyRunsSchema, { nextGrain: 0n }));
    expect((await run(['dirty', ...CARD], { dirtyRuns })).exitCode).toBe(ExitCode.REFUSED);
  });
});
