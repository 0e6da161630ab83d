import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { Role, Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { FlashCopySchema } from '../../../protos/gen/grainlink/durable/v1/durable_pb.js';
import { SUPERBLOCK_BYTES } from '../../../firmware/limits.js';
import { layoutOf } from '../../../firmware/metadata/nvram-layout.js';
import type { Control } from '../../../firmware/metadata/control-store.js';
import { bootCore, formattedBoard, type TestBoard } from '../support/board.js';
import { run } from '../support/tasks.js';
import { damage, fill, fillNvram, regionOf } from '../support/contents.js';

const LAYOUT = layoutOf(SMALL_GEOMETRY);

/** A board whose card is what `change` makes of a standalone one. */
function boardOf(change: (draft: Control) => void): TestBoard {
  const board = formattedBoard();
  const core = bootCore(board);
  run(core.loop, core.state.control.commit(change));
  return board;
}

const primary = (draft: Control): void => {
  draft.identity.role = Role.PRIMARY;
  draft.identity.generation = (7n << 32n) | 5n;
  draft.identity.establishments = 7;
  draft.identity.loadId = new Uint8Array(16).fill(3);
};

const secondary = (draft: Control): void => {
  draft.identity.role = Role.SECONDARY;
  draft.identity.loadId = new Uint8Array(16).fill(3);
};

const findings = (board: TestBoard): (string | undefined)[] => bootCore(board).state.findings.map(({ status }) => Status[status]);

test('a sound card comes up as it went, with nothing found and nothing persisted but that', () => {
  const board = boardOf(primary);
  let persists = 0;
  board.power.intercept = ({ kind }) => {
    if (kind === 'persist') persists += 1;
    return undefined;
  };
  const { state } = bootCore(board);
  expect([state.control.current.identity.role, state.findings, persists]).toEqual([Role.PRIMARY, [], 0]);
});

test('what is no card says so', () => {
  const board = formattedBoard();
  damage(board, ...LAYOUT.controlBlocks);
  fill(board.reserved, 0, new Uint8Array(2 * SUPERBLOCK_BYTES));
  expect(() => bootCore(board)).toThrow('NOT_FORMATTED');
});

test('a disk of another size is refused', () => {
  const board = formattedBoard();
  const other = formattedBoard({ ...SMALL_GEOMETRY, sizeBytes: 2 * SMALL_GEOMETRY.sizeBytes });
  other.image.nvram.copyFrom(board.image.nvram);
  expect(() => bootCore(other)).toThrow('not of the size');
});

test('half an establishment leaves a standalone card', () => {
  const board = boardOf((draft) => {
    primary(draft);
    draft.identity.generation = 0n;
  });
  const { identity } = bootCore(board).state.control.current;
  expect([identity.role, identity.loadId.length, identity.establishments]).toEqual([Role.STANDALONE, 0, 7]);
});

describe('with both control blocks lost', () => {
  test('a primary takes a fresh generation, owes everything and keeps its binding', () => {
    const board = boardOf(primary);
    damage(board, ...LAYOUT.controlBlocks);
    const { state } = bootCore(board);
    const { identity, fullOwed } = state.control.current;
    expect([identity.generation >> 32n, identity.establishments, fullOwed, state.dirty.count]).toEqual([8n, 8, true, 256]);
    expect(identity.loadId).toEqual(new Uint8Array(16).fill(3));
  });

  test('a secondary is Inconsistent, and everything is to be asked for', () => {
    const board = boardOf(secondary);
    damage(board, ...LAYOUT.controlBlocks);
    const { consistent, allDirty, suppressed } = bootCore(board).state.control.current;
    expect([consistent, allDirty, suppressed]).toEqual([false, true, false]);
  });

  test('a stale block that turns up later is not believed', () => {
    const board = boardOf(primary);
    const stale = regionOf(board, LAYOUT.controlBlocks[0]);
    damage(board, ...LAYOUT.controlBlocks);
    const { generation } = bootCore(board).state.control.current.identity;
    fillNvram(board, LAYOUT.controlBlocks[0].offsetBytes, stale);
    expect(bootCore(board).state.control.current.identity.generation).toBe(generation);
  });

  test('nor is a block of a recovery that a cut ended', () => {
    const board = boardOf(primary);
    damage(board, ...LAYOUT.controlBlocks);
    // Both copies are written, and nothing behind them.
    let persists = 0;
    board.power.intercept = ({ kind }) => {
      if (kind === 'persist') persists += 1;
      return persists > 1 && kind !== 'persist' && kind !== 'flush' ? 'hold' : undefined;
    };
    expect(() => bootCore(board)).toThrow('has not ended');
    board.lose({ keep: () => false });
    const stale = regionOf(board, LAYOUT.controlBlocks[0]);
    const { generation } = bootCore(board).state.control.current.identity;
    fillNvram(board, LAYOUT.controlBlocks[0].offsetBytes, stale);
    expect(bootCore(board).state.control.current.identity.generation).toBe(generation);
  });
});

describe('damage', () => {
  test('of the T0 map, the T0 index or both positions ends T0', () => {
    for (const regions of [[LAYOUT.t0Written], [LAYOUT.t0Index], [...LAYOUT.positions]]) {
      const board = boardOf((draft) => {
        primary(draft);
        draft.flashCopy = create(FlashCopySchema, { t0Id: new Uint8Array(16).fill(9) });
      });
      damage(board, ...regions);
      const { flashCopy } = bootCore(board).state.control.current;
      expect([flashCopy?.t0Id.length, flashCopy?.ended]).toEqual([0, Status.FLASH_COPY_DAMAGED]);
    }
  });

  test('of one position leaves T0 alone', () => {
    const board = boardOf((draft) => {
      primary(draft);
      draft.flashCopy = create(FlashCopySchema, { t0Id: new Uint8Array(16).fill(9) });
    });
    damage(board, LAYOUT.positions[0]);
    expect(bootCore(board).state.control.current.flashCopy?.t0Id.length).toBe(16);
  });

  test.each([[0, 1], [1, 0]] as const)('of position %i, and at a later boot of position %i, leaves the position', (first, second) => {
    const board = boardOf((draft) => {
      primary(draft);
      draft.flashCopy = create(FlashCopySchema, { t0Id: new Uint8Array(16).fill(9) });
    });
    const core = bootCore(board);
    const position = { mediumOffsetBytes: 100, volumeOffsetBytes: 8192, chunks: 2, chain: new Uint8Array(32).fill(5) };
    run(core.loop, core.state.position.advance(position));
    run(core.loop, core.state.position.advance(position));
    for (const which of [first, second]) {
      damage(board, LAYOUT.positions[which]);
      expect(bootCore(board).state.position.current).toEqual(position);
    }
  });

  test('of the written map makes its grains written and dirty', () => {
    const board = boardOf(primary);
    damage(board, LAYOUT.written);
    const { state } = bootCore(board);
    expect([state.written.count, state.dirty.count]).toEqual([256, 256]);
  });

  test('of the written map costs a secondary its label, of the dirty map not, and a primary nothing', () => {
    for (const [change, region, expected] of [[primary, LAYOUT.written, true], [secondary, LAYOUT.written, false], [secondary, LAYOUT.dirty, true]] as const) {
      const board = boardOf(change);
      damage(board, region);
      const { control, dirty } = bootCore(board).state;
      expect([control.current.consistent, dirty.count]).toEqual([expected, 256]);
    }
  });

  test('is reported at each boot until it was dealt with, and then no more', () => {
    const board = boardOf(primary);
    damage(board, LAYOUT.dirty);
    // The first boot is cut before it is done.
    board.power.intercept = ({ kind }) => (kind === 'recovered' ? 'hold' : undefined);
    expect(() => bootCore(board)).toThrow('not ended');
    board.lose();
    expect(findings(board)).toEqual(['NVRAM_DAMAGED']);
    expect(findings(board)).toEqual([]);
    expect(bootCore(board).state.dirty.count).toBe(256);
  });
});

test('doubt makes everything dirty, and costs a secondary nothing else', () => {
  const board = boardOf((draft) => {
    secondary(draft);
    draft.consistent = true;
  });
  board.nvram.content.doubtful = true;
  const { state } = bootCore(board);
  expect([state.dirty.count, state.control.current.consistent]).toEqual([256, true]);
  expect(findings(board)).toEqual([]);
});

test('doubt ends T0', () => {
  const board = boardOf((draft) => {
    primary(draft);
    draft.flashCopy = create(FlashCopySchema, { t0Id: new Uint8Array(16).fill(9) });
  });
  board.nvram.content.doubtful = true;
  expect(bootCore(board).state.control.current.flashCopy?.ended).toBe(Status.FLASH_COPY_DAMAGED);
});
