import { describe, expect, test } from 'vitest';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { FlashCopyState, JobState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { CHUNKS_OFFSET_BYTES } from '../../../firmware/medium/label-blocks.js';
import { MemoryMedium } from '../support/memory-parts.js';
import { seededRandom } from '../support/memory-power.js';
import { launch, run, settle } from '../support/memory-hal.js';
import { exporting, GRAIN, hex, mediumBytes, PATH, primaryAtT0, verify } from '../support/media.js';
import { bootPrimary, filled, hostWrite, type PrimaryCard, takeT0 } from '../support/primary-card.js';

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
      const random = seededRandom(seed);
      const card = primaryAtT0();
      card.board.power.intercept = () => 'hold';
      const job = launch(card.core.loop, exporting(card));
      let writes = 0;
      do {
        settle(card.core.loop);
        // The store holds 64 grains, so T0 lives through 60 writes within one.
        if (writes < 60 && random() < 0.4) {
          launch(card.core.loop, hostWrite(card, 512 * Math.floor(random() * 256 * 8), filled(512, 0xee)));
          writes += 1;
        }
      } while (card.board.power.releaseOne(random()) || !job.ended);
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

describe('an export is refused', () => {
  test('without T0', () => {
    const card = primaryAtT0();
    run(card.core.loop, card.flashCopy.end(Status.FLASH_COPY_STOPPED));
    expect(() => { run(card.core.loop, exporting(card)); }).toThrow('NO_FLASH_COPY');
    expect(card.board.medium.media.size).toBe(0);
  });

  test.each([['something', filled(10000, 7)], ['an empty file', new Uint8Array(0)]])('where %s is, which stays untouched', (_what, bytes) => {
    const card = primaryAtT0();
    const existing = new MemoryMedium();
    existing.bytes = bytes.slice();
    card.board.medium.media.set(PATH, existing);
    expect(() => { run(card.core.loop, exporting(card)); }).toThrow('MEDIUM_EXISTS');
    expect(Buffer.compare(existing.bytes, bytes)).toBe(0);
    expect(card.board.medium.openFiles).toBe(0);
  });

  test('where the sealed medium of an earlier T0 is', () => {
    const card = primaryAtT0();
    run(card.core.loop, exporting(card));
    const before = mediumBytes(card.board).slice();
    run(card.core.loop, takeT0(card));
    expect(() => { run(card.core.loop, exporting(card)); }).toThrow('MEDIUM_EXISTS');
    expect(Buffer.compare(mediumBytes(card.board), before)).toBe(0);
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
    part === 'medium' && kind === 'write' && offsetBytes >= fromBytes ? { kind: 'no-space', text: 'the medium is full' } : undefined;
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
    const { power } = card.board;
    power.intercept = ({ part, kind }) => (part === 'medium' && kind === 'write' ? 'hold' : undefined);
    const job = launch(card.core.loop, exporting(card));
    settle(card.core.loop);
    power.intercept = undefined;
    for (let grain = 60; grain < 160; grain += 1) run(card.core.loop, hostWrite(card, grain * GRAIN, filled(512, 0xee)));
    power.release();
    settle(card.core.loop);
    expect(job.result()).toMatchObject({ state: JobState.FAILED, status: Status.FLASH_COPY_STORE_FULL });
    expect(verify(card).summary.seal).toBeUndefined();
    expect(card.board.medium.openFiles).toBe(0);
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
      part === 'volume' && kind === 'read' && offsetBytes > 100 * GRAIN ? { kind: 'io', text: 'a bad sector' } : undefined;
    expect(run(card.core.loop, exporting(card))).toMatchObject({ status: Status.DISK_ERROR, detail: 'a bad sector' });
    expect(card.flashCopy.active).toBe(true);
  });

  test('by the loss of its medium\'s end is refused, since hosts no longer save what was there', () => {
    const card = primaryAtT0();
    failMediumWrites(card, 500 * 1024);
    run(card.core.loop, exporting(card));
    card.board.power.intercept = undefined;
    const medium = card.board.medium.media.get(PATH);
    if (medium !== undefined) medium.bytes = medium.bytes.slice(0, 20000);
    expect(() => { run(card.core.loop, exporting(card)); }).toThrow('MEDIUM_TRUNCATED');
  });
});

describe('rule 6: a power cut at any effect of an export', () => {
  test('leaves T0 whole, the export can be resumed, and no sealed medium is unknown to its primary', () => {
    const expected = expectedChunks();
    let finished = 0;
    for (let effects = 0; finished < 3; effects += 1) {
      const random = seededRandom(effects);
      const card = primaryAtT0(effects + 1);
      const { power } = card.board;
      power.intercept = () => 'hold';
      power.cutAfter(effects);
      const job = launch(card.core.loop, exporting(card));
      let writes = 0;
      do {
        settle(card.core.loop);
        if (writes < 20 && random() < 0.3) {
          launch(card.core.loop, hostWrite(card, 512 * Math.floor(random() * 256 * 8), filled(512, 0xee)));
          writes += 1;
        }
      } while (power.releaseOne(random()));
      if (job.ended) finished += 1;
      card.board.powerCycle();

      const rebooted = bootPrimary(card.board);
      const where = `cut after ${String(effects)} effects`;
      checkSealKnown(rebooted, where);
      if (rebooted.flashCopy.active) {
        for (let i = 0; i < 10; i += 1) run(rebooted.core.loop, hostWrite(rebooted, 512 * Math.floor(random() * 256 * 8), filled(512, 0xdd)));
        expect(run(rebooted.core.loop, exporting(rebooted)).status, where).toBe(Status.SUCCESS);
      }
      checkSealKnown(rebooted, where);
      expect(verify(rebooted).damage, where).toEqual([]);
      expect(Buffer.compare(chunksOf(rebooted), expected), where).toBe(0);
    }
  });
});

/** Rule 8: the root of a sealed medium is the one that the primary recorded. */
function checkSealKnown(card: PrimaryCard, where: string): void {
  const medium = card.board.medium.media.get(PATH);
  if (medium === undefined || medium.bytes.length < CHUNKS_OFFSET_BYTES || medium.bytes.every((byte) => byte === 0)) return;
  let seal;
  try {
    seal = verify(card).summary.seal;
  } catch {
    return; // A label cut in the middle: no medium yet.
  }
  if (seal !== undefined) expect(hex(card.core.state.control.current.identity.mediumRoot), where).toBe(hex(seal.root));
}
