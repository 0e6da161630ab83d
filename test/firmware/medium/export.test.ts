import { describe, expect, test } from 'vitest';
import { Random } from '../../../emulator/simulation/random.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { FlashCopyState, JobState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { CHUNKS_OFFSET_BYTES } from '../../../firmware/medium/label-blocks.js';
import { exporting, GRAIN, hex, primaryAtT0, verify } from '../support/media.js';
import { bootPrimary, filled, hostWrite, type PrimaryCard, takeT0 } from '../support/primary-card.js';
import { damageMedium, MEDIUM, mediumBytes, mediumWith } from '../support/contents.js';
import { launch, run, settle } from '../support/tasks.js';

/** What an undisturbed export of the same T0 puts on its medium, label aside. */
function expectedChunks(): Uint8Array {
  const card = primaryAtT0();
  run(card.core.loop, exporting(card));
  return mediumBytes(card.board).subarray(CHUNKS_OFFSET_BYTES);
}

function chunksOf(card: PrimaryCard): Uint8Array {
  return mediumBytes(card.board).subarray(CHUNKS_OFFSET_BYTES);
}

describe('rule 6: a sealed medium holds T0 and nothing else', () => {
  test('of quiet hosts', () => {
    const card = primaryAtT0();
    const job = run(card.core.loop, exporting(card));
    expect(job).toMatchObject({ state: JobState.SUCCEEDED, grainsDone: 256n, grainsTotal: 256n, dataBytes: BigInt(177 * GRAIN) });
    const verdict = verify(card);
    expect(verdict.damage).toEqual([]);
    expect(hex(verdict.summary.seal?.root)).toBe(hex(job.root));
    expect(verdict.summary.seal).toMatchObject({ writtenGrains: 177n, lengthBytes: BigInt(mediumBytes(card.board).length) });
  });

  test('though hosts write all the while, in any order of the parts', () => {
    const expected = expectedChunks();
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = new Random(seed);
      const card = primaryAtT0(seed);
      const job = launch(card.core.loop, exporting(card));
      // The store holds 64 grains, so T0 lives through 60 writes within one.
      for (let writes = 0; card.core.loop.step(1);) if (writes < 60 && random.chance(0.2)) writes += hostWriteSomewhere(card, random);
      expect(job.result().status, `seed ${String(seed)}`).toBe(Status.SUCCESS);
      expect(Buffer.compare(chunksOf(card), expected), `seed ${String(seed)}`).toBe(0);
    }
  });

  test('and T0 is over with the seal, so that hosts stop paying for it', () => {
    const card = primaryAtT0();
    run(card.core.loop, exporting(card));
    expect([card.flashCopy.active, card.flashCopy.state()]).toEqual([false, FlashCopyState.IDLE_OR_COPIED]);
  });

  test('rule 8: the primary records the root before the medium is sealed', () => {
    const card = primaryAtT0();
    let rootAtSeal: Uint8Array | undefined;
    card.board.power.intercept = ({ part, kind, offsetBytes, lengthBytes }) => {
      const seal = part === 'medium' && kind === 'write' && offsetBytes === 4096 && lengthBytes === 4096;
      if (seal) rootAtSeal = card.core.state.control.current.identity.mediumRoot;
      return undefined;
    };
    const job = run(card.core.loop, exporting(card));
    expect(hex(rootAtSeal)).toBe(hex(job.root));
  });
});

test('rule 19: grains never written travel as markers', () => {
  const card = primaryAtT0();
  run(card.core.loop, exporting(card));
  expect(mediumBytes(card.board).length).toBeLessThan(177 * GRAIN + CHUNKS_OFFSET_BYTES + 20 * 100);
});

/** While an operation of the export is held, hosts overwrite more than the store has room for. */
function fillStoreMeanwhile(card: PrimaryCard): void {
  const { core, board: { power } } = card;
  settle(core.loop);
  power.intercept = undefined;
  for (let grain = 60; grain < 160; grain += 1) run(core.loop, hostWrite(card, grain * GRAIN, filled(512, 0xee)));
  power.release();
  settle(core.loop);
}

describe('an export is refused', () => {
  test('without T0', () => {
    const card = primaryAtT0();
    run(card.core.loop, card.flashCopy.end(Status.FLASH_COPY_STOPPED));
    expect(() => { run(card.core.loop, exporting(card)); }).toThrow('NO_FLASH_COPY');
    expect(card.board.shelf.size).toBe(0);
  });

  test.each([['something', filled(10000, 7)], ['an empty file', new Uint8Array(0)]])('where %s is, which stays untouched', (_what, bytes) => {
    const card = primaryAtT0();
    const existing = mediumWith(bytes);
    card.board.shelf.set(MEDIUM, existing);
    expect(() => { run(card.core.loop, exporting(card)); }).toThrow('MEDIUM_EXISTS');
    expect(Buffer.compare(existing.bytes, bytes)).toBe(0);
    expect(card.board.power.openFiles).toBe(0);
  });

  test('where the sealed medium of an earlier T0 is', () => {
    const card = primaryAtT0();
    run(card.core.loop, exporting(card));
    const before = mediumBytes(card.board).slice();
    run(card.core.loop, takeT0(card));
    expect(() => { run(card.core.loop, exporting(card)); }).toThrow('MEDIUM_EXISTS');
    expect(Buffer.compare(mediumBytes(card.board), before)).toBe(0);
  });

  test('when a full store has ended T0 while the medium was created, and says that', () => {
    const card = primaryAtT0();
    const { power } = card.board;
    let opens = 0;
    power.intercept = ({ kind }) => {
      if (kind === 'open') opens += 1;
      // The first one finds out that nothing is there.
      return kind === 'open' && opens === 2 ? 'hold' : undefined;
    };
    const job = launch(card.core.loop, exporting(card));
    fillStoreMeanwhile(card);
    expect(() => { job.result(); }).toThrow('FLASH_COPY_STORE_FULL');
    expect(power.openFiles).toBe(0);
  });

  test('to another place once hosts do not save any more what the first medium holds', () => {
    const card = primaryAtT0();
    failMediumWrites(card, 500 * 1024);
    expect(run(card.core.loop, exporting(card)).status).toBe(Status.MEDIUM_ERROR);
    card.board.power.intercept = undefined;
    expect(() => { run(card.core.loop, exporting(card, '/media/other')); }).toThrow('MEDIUM_NOT_FOUND');
  });
});

function failMediumWrites(card: PrimaryCard, fromBytes: number): void {
  card.board.power.intercept = ({ part, kind, offsetBytes }) =>
    part === 'medium' && kind === 'write' && offsetBytes >= fromBytes ? { part: 'medium', kind: 'no-space', text: 'the medium is full' } : undefined;
}

describe('an export that was interrupted', () => {
  test('by its medium goes on where it was, and comes to the same medium', () => {
    const card = primaryAtT0();
    failMediumWrites(card, 500 * 1024);
    const failed = run(card.core.loop, exporting(card));
    expect(failed).toMatchObject({ state: JobState.FAILED, status: Status.MEDIUM_ERROR, detail: 'the medium is full' });
    expect(card.flashCopy.active).toBe(true);
    expect(verify(card).damage).toContainEqual({ status: Status.MEDIUM_UNSEALED, detail: '' });
    card.board.power.intercept = undefined;
    const resumed = run(card.core.loop, exporting(card));
    expect(resumed.state).toBe(JobState.SUCCEEDED);
    expect(Number(resumed.dataBytes)).toBeLessThan(400 * 1024);
    expect(Buffer.compare(chunksOf(card), expectedChunks())).toBe(0);
    expect(verify(card).damage).toEqual([]);
  });

  test('by a full store fails with that, and the medium stays unsealed', () => {
    const card = primaryAtT0();
    card.board.power.intercept = ({ part, kind }) => (part === 'medium' && kind === 'write' ? 'hold' : undefined);
    const job = launch(card.core.loop, exporting(card));
    fillStoreMeanwhile(card);
    expect(job.result()).toMatchObject({ state: JobState.FAILED, status: Status.FLASH_COPY_STORE_FULL });
    expect(verify(card).summary.seal).toBeUndefined();
    expect(card.board.power.openFiles).toBe(0);
  });

  test('by the stop of T0 fails with that', () => {
    const card = primaryAtT0();
    card.board.power.intercept = ({ part, kind }) => (part === 'medium' && kind === 'write' ? 'hold' : undefined);
    const job = launch(card.core.loop, exporting(card));
    settle(card.core.loop);
    card.board.power.intercept = undefined;
    run(card.core.loop, card.flashCopy.end(Status.FLASH_COPY_STOPPED));
    card.board.power.release();
    settle(card.core.loop);
    expect(job.result().status).toBe(Status.FLASH_COPY_STOPPED);
  });

  test('by a disk that cannot be read fails with that, and T0 stays', () => {
    const card = primaryAtT0();
    card.board.power.intercept = ({ part, kind, offsetBytes }) =>
      part === 'volume' && kind === 'read' && offsetBytes > 100 * GRAIN ? { part: 'disk', kind: 'io', text: 'a bad sector' } : undefined;
    expect(run(card.core.loop, exporting(card))).toMatchObject({ status: Status.DISK_ERROR, detail: 'a bad sector' });
    expect(card.flashCopy.active).toBe(true);
  });

  test('by the loss of its medium\'s end is refused, since hosts no longer save what was there', () => {
    const card = primaryAtT0();
    failMediumWrites(card, 500 * 1024);
    run(card.core.loop, exporting(card));
    card.board.power.intercept = undefined;
    damageMedium(card.board, (bytes) => bytes.slice(0, 20000));
    expect(() => { run(card.core.loop, exporting(card)); }).toThrow('MEDIUM_TRUNCATED');
  });
});

describe('rule 6: a power cut at any effect of an export', () => {
  test('leaves T0 whole, the export can be resumed, and no sealed medium is unknown to its primary', () => {
    const expected = expectedChunks();
    let finished = 0;
    for (let effects = 0; finished < 3; effects += 1) {
      const random = new Random(effects);
      const card = primaryAtT0(effects + 1);
      card.board.cutAfter(effects);
      const job = launch(card.core.loop, exporting(card));
      for (let writes = 0; card.core.loop.step(1);) if (writes < 40 && random.chance(0.3)) writes += hostWriteSomewhere(card, random);
      if (job.ended) finished += 1;
      card.board.lose();

      const rebooted = bootPrimary(card.board);
      const where = `cut after ${String(effects)} effects`;
      checkSealKnown(rebooted, where);
      if (rebooted.flashCopy.active) {
        for (let i = 0; i < 10; i += 1) run(rebooted.core.loop, hostWrite(rebooted, 512 * random.below(256 * 8), filled(512, 0xdd)));
        expect(run(rebooted.core.loop, exporting(rebooted)).status, where).toBe(Status.SUCCESS);
      }
      checkSealKnown(rebooted, where);
      expect(verify(rebooted).damage, where).toEqual([]);
      expect(Buffer.compare(chunksOf(rebooted), expected), where).toBe(0);
    }
  });
});

/** @returns how many writes that is. */
function hostWriteSomewhere(card: PrimaryCard, random: Random): number {
  launch(card.core.loop, hostWrite(card, 512 * random.below(256 * 8), filled(512, 0xee)));
  return 1;
}

/** Rule 8: the root of a sealed medium is the one that the primary recorded. */
function checkSealKnown(card: PrimaryCard, where: string): void {
  const medium = card.board.shelf.get(MEDIUM);
  if (medium === undefined || medium.bytes.length < CHUNKS_OFFSET_BYTES || medium.bytes.every((byte) => byte === 0)) return;
  let seal;
  try {
    seal = verify(card).summary.seal;
  } catch {
    return; // A label cut in the middle: no medium yet.
  }
  if (seal !== undefined) expect(hex(card.core.state.control.current.identity.mediumRoot), where).toBe(hex(seal.root));
}
