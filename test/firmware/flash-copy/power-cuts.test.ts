import { describe, expect, test } from 'vitest';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { Random } from '../../../emulator/simulation/random.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { bootPrimary, establish, filled, firstDifference, hostWrite, type PrimaryCard, t0Content, takeT0, volumeContent } from '../support/primary-card.js';
import { formattedBoard } from '../support/board.js';
import { launch, run, settle } from '../support/tasks.js';

const GRAIN = SMALL_GEOMETRY.grainBytes;
const GRAINS = 24;

function primary(storeGrains: number, seed: number): PrimaryCard {
  const card = bootPrimary(formattedBoard({ ...SMALL_GEOMETRY, storeBytes: storeGrains * GRAIN }, seed));
  establish(card);
  run(card.core.loop, hostWrite(card, 0, Uint8Array.from({ length: GRAINS * GRAIN }, (_, at) => 1 + Math.floor(at / 512))));
  return card;
}

/** Twelve writes of all sizes at once, some of them to the same grain, parts in any order, cut after `effects`. */
function cutHostWrites(card: PrimaryCard, effects: number): void {
  const random = new Random(effects);
  card.board.cutAfter(effects);
  for (let i = 0; i < 12; i += 1) {
    const offsetBytes = 512 * random.below(((GRAINS + 2) * GRAIN) / 512);
    launch(card.core.loop, hostWrite(card, offsetBytes, filled(512 * random.between(1, 16), 0xe0 + i)));
  }
  settle(card.core.loop);
}

describe('rule 6: a power cut at any effect of copy-on-write', () => {
  test('leaves T0 whole', () => {
    let finished = 0;
    for (let effects = 0; finished < 3; effects += 1) {
      const card = primary(64, effects);
      run(card.core.loop, takeT0(card));
      const image = volumeContent(card);
      cutHostWrites(card, effects);
      if (card.board.power.on) finished += 1;
      card.board.lose();
      const rebooted = bootPrimary(card.board);
      expect(rebooted.flashCopy.active).toBe(true);
      expect(firstDifference(t0Content(rebooted), image), `cut after ${String(effects)} effects`).toBe(-1);
    }
  });

  test('with a full store leaves T0 whole or durably ended', () => {
    const ends = new Set<Status | undefined>();
    let finished = 0;
    for (let effects = 0; finished < 3; effects += 1) {
      const card = primary(4, effects);
      run(card.core.loop, takeT0(card));
      const image = volumeContent(card);
      cutHostWrites(card, effects);
      if (card.board.power.on) finished += 1;
      card.board.lose();
      const rebooted = bootPrimary(card.board);
      if (rebooted.flashCopy.active) expect(firstDifference(t0Content(rebooted), image), `cut after ${String(effects)} effects`).toBe(-1);
      ends.add(rebooted.core.state.control.current.flashCopy?.ended);
    }
    expect(ends).toEqual(new Set([Status.UNSPECIFIED, Status.FLASH_COPY_STORE_FULL]));
  });

  test('while T0 ends by command leaves T0 whole or durably ended', () => {
    let finished = 0;
    for (let effects = 0; finished < 3; effects += 1) {
      const card = primary(64, effects);
      run(card.core.loop, takeT0(card));
      const image = volumeContent(card);
      card.board.power.intercept = () => 'hold';
      launch(card.core.loop, card.flashCopy.end(Status.FLASH_COPY_STOPPED));
      cutHostWrites(card, effects);
      if (card.board.power.on) finished += 1;
      card.board.lose();
      const rebooted = bootPrimary(card.board);
      if (rebooted.flashCopy.active) expect(firstDifference(t0Content(rebooted), image), `cut after ${String(effects)} effects`).toBe(-1);
    }
  });

  test('while T0 is taken leaves none, or one of exactly that instant', () => {
    const outcomes = new Set<boolean>();
    let finished = 0;
    for (let effects = 0; finished < 3; effects += 1) {
      const card = primary(64, effects);
      run(card.core.loop, takeT0(card));
      run(card.core.loop, hostWrite(card, 3 * GRAIN, filled(GRAIN, 0xd0)));
      run(card.core.loop, card.flashCopy.end(Status.FLASH_COPY_STOPPED));
      const image = volumeContent(card);
      card.board.cutAfter(effects);
      launch(card.core.loop, takeT0(card));
      settle(card.core.loop);
      if (card.board.power.on) finished += 1;
      card.board.lose();
      const rebooted = bootPrimary(card.board);
      outcomes.add(rebooted.flashCopy.active);
      if (rebooted.flashCopy.active) expect(firstDifference(t0Content(rebooted), image)).toBe(-1);
    }
    expect(outcomes).toEqual(new Set([false, true]));
  });
});
