import { describe, expect, test } from 'vitest';
import { DurableView } from '../../../emulator/simulation/durable-view.js';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { Random } from '../../../emulator/simulation/random.js';
import { Role, Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { LoadState } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { JobState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { CardCore } from '../../../firmware/core.js';
import { NVRAM_LINE_BYTES } from '../../../firmware/hal.js';
import { beginLoad, prepareLoad, runLoad } from '../../../firmware/medium/load.js';
import { MEDIUM_RING_BYTES } from '../../../firmware/medium/medium-memory.js';
import { blankSecondaryBoard, exporting, GRAIN, hex, loadContext, loading, primaryAtT0, swapTwoChunks } from '../support/media.js';
import { bootPrimary, establish, filled, firstDifference, hostWrite, type PrimaryCard, takeT0, volumeContent } from '../support/primary-card.js';
import { carry, damageMedium, flipBit, MEDIUM, mediumBytes } from '../support/contents.js';
import { bootCore, formattedBoard, type TestBoard } from '../support/board.js';
import { launch, run, settle } from '../support/tasks.js';

interface Travelled {
  readonly primary: PrimaryCard;
  /** T0. */
  readonly image: Uint8Array;
  readonly board: TestBoard;
  readonly core: CardCore;
}

/** A sealed medium, arrived at a blank secondary. */
function travelled(): Travelled {
  const primary = primaryAtT0();
  const image = volumeContent(primary);
  run(primary.core.loop, exporting(primary));
  const board = blankSecondaryBoard();
  carry(primary.board, board);
  return { primary, image, board, core: bootCore(board) };
}

function isLoaded(core: CardCore): boolean {
  const { identity, loadState, consistent } = core.state.control.current;
  if (identity.role === Role.STANDALONE) return false;
  const signs = [loadState === LoadState.LOADED, consistent, identity.generation !== 0n, identity.loadId.length > 0];
  expect(new Set(signs).size, 'the signs of a loaded card come together').toBe(1);
  return signs[0] === true;
}

/** Loads a medium, again and again, with a cut one effect later each time; boots, and goes on to the end. */
function cutAtEachEffect(prepare: (core: CardCore, board: TestBoard, effects: number) => void): void {
  const { primary, image } = travelled();
  let finished = false;
  for (let effects = 0; !finished; effects += 1) {
    const board = blankSecondaryBoard();
    carry(primary.board, board);
    const core = bootCore(board);
    prepare(core, board, effects);
    const job = launch(core.loop, loading(core));
    settle(core.loop);
    finished = job.ended;
    board.lose();
    const rebooted = bootCore(board);
    const where = `cut after ${String(effects)} effects`;
    if (!isLoaded(rebooted)) expect(run(rebooted.loop, loading(rebooted)).status, where).toBe(Status.SUCCESS);
    expect(isLoaded(rebooted), where).toBe(true);
    expect(firstDifference(volumeContent({ core: rebooted }), image), where).toBe(-1);
  }
}

describe('rule 7: a load', () => {
  test('makes the secondary hold T0, and says of which relationship, volume and generation it is', () => {
    const { primary, image, core } = travelled();
    const job = run(core.loop, loading(core));
    expect(job).toMatchObject({ state: JobState.SUCCEEDED, grainsDone: 256n, grainsTotal: 256n, dataBytes: BigInt(177 * GRAIN) });
    expect(firstDifference(volumeContent({ core }), image)).toBe(-1);
    const { identity, ...control } = core.state.control.current;
    const source = primary.core.state.control.current.identity;
    expect(identity.role).toBe(Role.SECONDARY);
    expect([identity.relationshipId, identity.sourceVolumeId, identity.mediumRoot].map(hex)).toEqual([source.relationshipId, source.volumeId, source.mediumRoot].map(hex));
    expect(identity.generation).toBe(source.generation);
    expect(identity.loadId.length).toBe(16);
    expect(control).toMatchObject({ consistent: true, loadState: LoadState.LOADED });
  });

  test('copes with a medium much longer than its read-ahead', () => {
    const geometry = { ...SMALL_GEOMETRY, sizeBytes: 12 * 1024 * 1024 };
    const primary = bootPrimary(formattedBoard(geometry));
    establish(primary);
    const random = new Random(5);
    for (let at = 0; at < geometry.sizeBytes - 512 * 1024;) {
      const lengthBytes = GRAIN * random.between(1, 90);
      run(primary.core.loop, hostWrite(primary, at, filled(lengthBytes, random.between(1, 255))));
      at += lengthBytes + GRAIN * random.below(3);
    }
    run(primary.core.loop, takeT0(primary));
    const image = volumeContent(primary);
    expect(run(primary.core.loop, exporting(primary)).status).toBe(Status.SUCCESS);
    const board = blankSecondaryBoard(geometry);
    expect(carry(primary.board, board).bytes.length).toBeGreaterThan(2 * MEDIUM_RING_BYTES);
    const core = bootCore(board);
    expect(run(core.loop, loading(core)).status).toBe(Status.SUCCESS);
    expect(firstDifference(volumeContent({ core }), image)).toBe(-1);
  });

  test('is durable', () => {
    const { image, board, core } = travelled();
    run(core.loop, loading(core));
    board.lose({ keep: () => false });
    const rebooted = bootCore(board);
    expect(isLoaded(rebooted)).toBe(true);
    expect(firstDifference(volumeContent({ core: rebooted }), image)).toBe(-1);
  });

  test('of the same medium once more makes another load id', () => {
    const { core } = travelled();
    run(core.loop, loading(core));
    const first = hex(core.state.control.current.identity.loadId);
    run(core.loop, loading(core));
    expect(hex(core.state.control.current.identity.loadId)).not.toBe(first);
  });

  test('is "loading", durably, before the first byte is written', () => {
    const { board, core } = travelled();
    const context = loadContext(core);
    const prepared = run(core.loop, prepareLoad(context, MEDIUM, false));
    expect(core.state.control.current.identity.role).toBe(Role.STANDALONE);
    let writes = 0;
    board.power.intercept = ({ part, kind }) => {
      if (part === 'volume' && kind === 'write') writes += 1;
      return undefined;
    };
    const from = run(core.loop, beginLoad(context, prepared));
    board.lose();
    expect(writes).toBe(0);
    expect(bootCore(board).state.control.current).toMatchObject({ loadState: LoadState.LOADING, consistent: false, allDirty: true, suppressed: false });
    expect(from.chunks).toBe(0);
  });

  test('a power cut at any effect leaves it loaded or not, never taken for loaded; and it can be resumed', () => {
    cutAtEachEffect((_core, board, effects) => { board.cutAfter(effects); });
  });

  test('the loss of the machine does not make a load go on behind what was lost with it', () => {
    cutAtEachEffect(({ state }, board, effects) => {
      board.nvram.content.rememberUnflushed();
      // How far it came is kept, and nothing else that was not flushed.
      const keepsLine = (line: number): boolean => state.layout.positions.some(({ offsetBytes }) => offsetBytes === line * NVRAM_LINE_BYTES);
      board.cutAfter(effects, { keepsLine });
    });
  });

  test('a power cut does not make a load go on where the export of a former primary was', () => {
    cutAtEachEffect(({ loop, state }, board, effects) => {
      run(loop, state.position.advance({ mediumOffsetBytes: 8192, volumeOffsetBytes: 5 * GRAIN, chunks: 3, chain: new Uint8Array(32) }));
      board.cutAfter(effects);
    });
  });

  test('a power cut in two loads one after the other, at every fifth effect of each', () => {
    const { primary, image } = travelled();
    for (let first = 3; first < 40; first += 5) {
      for (let second = 1; second < 40; second += 5) {
        const board = blankSecondaryBoard();
        carry(primary.board, board);
        let core = bootCore(board);
        for (const effects of [first, second]) {
          board.cutAfter(effects);
          launch(core.loop, loading(core));
          settle(core.loop);
          board.lose();
          core = bootCore(board);
        }
        if (!isLoaded(core)) run(core.loop, loading(core));
        expect(firstDifference(volumeContent({ core }), image), `cuts after ${String(first)} and ${String(second)} effects`).toBe(-1);
        expect(isLoaded(core)).toBe(true);
      }
    }
  });
});

test('rule 15: the initial all-dirty is one suppressed flag, and the map beside it is empty', () => {
  const { core } = travelled();
  run(core.loop, core.state.dirty.set(3, 5));
  run(core.loop, loading(core));
  expect(core.state.control.current).toMatchObject({ allDirty: true, suppressed: true, met: false });
  expect(core.state.dirty.count).toBe(0);
});

describe('rule 19: a grain never written', () => {
  test('reads as zeroes on a secondary whose disk held something else', () => {
    const { core } = travelled();
    run(core.loop, loading(core));
    const grain = new Uint8Array(GRAIN);
    run(core.loop, core.volume.read(4 * GRAIN, grain));
    expect(grain.every((byte) => byte === 0)).toBe(true);
  });

  test('reads as zeroes on a secondary whose hosts had written it', () => {
    const { image, core } = travelled();
    run(core.loop, core.volume.write(0, filled(SMALL_GEOMETRY.sizeBytes, 0x77)));
    run(core.loop, loading(core, MEDIUM, true));
    expect(firstDifference(volumeContent({ core }), image)).toBe(-1);
  });

  test('the written map follows the data: a grain is written only after it was flushed', () => {
    const { board, core } = travelled();
    const durable = new DurableView(board);
    let persists = 0;
    board.power.observer = ({ part, kind }) => {
      if (part !== 'nvram' || kind !== 'persist') return;
      persists += 1;
      for (const block of board.volume.unflushed) expect(durable.isWritten(durable.grainOf(block))).toBe(false);
    };
    run(core.loop, loading(core));
    expect([persists > 0, durable.isWritten(0)]).toEqual([true, true]);
  });
});

describe('a damaged medium never ends up in a volume called loaded', () => {
  test('whichever byte is damaged', () => {
    const { primary } = travelled();
    const length = mediumBytes(primary.board).length;
    for (let at = 0; at < length; at += at < 8192 + 400 ? 37 : 9973) {
      const board = blankSecondaryBoard();
      carry(primary.board, board);
      flipBit(board, at);
      const core = bootCore(board);
      let status: Status;
      try {
        status = run(core.loop, loading(core)).status;
      } catch (error) {
        status = (error as { status: Status }).status;
        expect(core.state.control.current.identity.role).toBe(Role.STANDALONE);
      }
      expect([Status.MEDIUM_NOT_A_MEDIUM, Status.MEDIUM_UNSUPPORTED_VERSION, Status.MEDIUM_DAMAGED], `byte ${String(at)}`).toContain(status);
      expect(isLoaded(core)).toBe(false);
      expect(board.power.openFiles).toBe(0);
    }
  });

  test('the chunk is named, nothing of it is written, and a repaired copy goes on from the last position', () => {
    const { image, primary, board, core } = travelled();
    const at = 600 * 1024;
    flipBit(board, at);
    const failed = run(core.loop, loading(core));
    expect(failed).toMatchObject({ state: JobState.FAILED, status: Status.MEDIUM_DAMAGED });
    expect(failed.detail).toMatch(/^chunk \d+ at byte \d+: its digest does not hold$/);
    const named = Number(/byte (\d+)/.exec(failed.detail)?.[1]);
    expect(named).toBeLessThanOrEqual(at);
    expect(core.state.control.current.consistent).toBe(false);
    carry(primary.board, board);
    const resumed = run(core.loop, loading(core));
    expect(resumed.state).toBe(JobState.SUCCEEDED);
    expect(Number(resumed.dataBytes)).toBeLessThan(177 * GRAIN);
    expect(firstDifference(volumeContent({ core }), image)).toBe(-1);
  });

  test('two chunks that changed places', () => {
    const { board, core } = travelled();
    const [first] = swapTwoChunks(board);
    const job = run(core.loop, loading(core));
    expect(job.status).toBe(Status.MEDIUM_DAMAGED);
    expect(job.detail).toContain(`chunk ${String(first)} at byte`);
    expect(isLoaded(core)).toBe(false);
  });

  test('truncated: found before anything is written', () => {
    const { board, core } = travelled();
    damageMedium(board, (bytes) => bytes.slice(0, -1));
    expect(() => { run(core.loop, loading(core)); }).toThrow('MEDIUM_TRUNCATED');
    expect(core.state.control.current.identity.role).toBe(Role.STANDALONE);
  });

  test('rule 6: unsealed', () => {
    const { board, core } = travelled();
    damageMedium(board, (bytes) => bytes.fill(0, 4096, 8192));
    expect(() => { run(core.loop, loading(core)); }).toThrow('MEDIUM_UNSEALED');
  });

  test('pulled out: the load fails, and goes on when it is back', () => {
    const { image, board, core } = travelled();
    board.power.intercept = ({ part, kind, offsetBytes }) =>
      part === 'medium' && kind === 'read' && offsetBytes > 300 * 1024 ? { part: 'medium', kind: 'io', text: 'no medium' } : undefined;
    expect(run(core.loop, loading(core))).toMatchObject({ status: Status.MEDIUM_ERROR, detail: 'no medium' });
    expect(isLoaded(core)).toBe(false);
    board.power.intercept = undefined;
    run(core.loop, loading(core));
    expect(firstDifference(volumeContent({ core }), image)).toBe(-1);
  });

  test('changed into another sealed medium between check and load', () => {
    const { board, core } = travelled();
    const other = primaryAtT0(9);
    run(other.core.loop, other.flashCopy.end(Status.FLASH_COPY_STOPPED));
    run(other.core.loop, hostWrite(other, 0, filled(GRAIN, 0xaa)));
    run(other.core.loop, takeT0(other));
    run(other.core.loop, exporting(other));
    const context = loadContext(core);
    const prepared = run(core.loop, prepareLoad(context, MEDIUM, false));
    damageMedium(board, () => mediumBytes(other.board).slice());
    const from = run(core.loop, beginLoad(context, prepared));
    run(core.loop, runLoad(context, prepared, from));
    expect(prepared.job.status).toBe(Status.MEDIUM_CHANGED);
    expect(isLoaded(core)).toBe(false);
    expect(core.state.position.current).toBeUndefined();
  });

  test('a disk that cannot be written fails the load', () => {
    const { board, core } = travelled();
    board.power.intercept = ({ part, kind }) => (part === 'volume' && kind === 'write' ? { part: 'disk', kind: 'io', text: 'a bad sector' } : undefined);
    expect(run(core.loop, loading(core))).toMatchObject({ status: Status.DISK_ERROR, detail: 'a bad sector' });
    expect(isLoaded(core)).toBe(false);
  });
});

describe('an interrupted load', () => {
  function interrupted(): Travelled {
    const story = travelled();
    story.board.power.intercept = ({ part, kind, offsetBytes }) =>
      part === 'volume' && kind === 'write' && offsetBytes > 500 * 1024 ? { part: 'disk', kind: 'io', text: 'a bad sector' } : undefined;
    run(story.core.loop, loading(story.core));
    story.board.power.intercept = undefined;
    return story;
  }

  test('starts again with another medium', () => {
    const { primary, board, core } = interrupted();
    run(primary.core.loop, takeT0(primary));
    const image = volumeContent(primary);
    run(primary.core.loop, exporting(primary, '/media/second'));
    carry(primary.board, board, '/media/second');
    const job = run(core.loop, loading(core, '/media/second'));
    expect(job).toMatchObject({ state: JobState.SUCCEEDED, dataBytes: BigInt(177 * GRAIN) });
    expect(firstDifference(volumeContent({ core }), image)).toBe(-1);
  });

  test('rule 14: starts again when NVRAM was damaged meanwhile, since its maps mean nothing', () => {
    const { image, board, core } = interrupted();
    board.lose();
    board.nvram.content.damagedLines.add(core.state.layout.written.offsetBytes / 64);
    const rebooted = bootCore(board);
    const job = run(rebooted.loop, loading(rebooted));
    expect(job.dataBytes).toBe(BigInt(177 * GRAIN));
    expect(firstDifference(volumeContent({ core: rebooted }), image)).toBe(-1);
  });
});
