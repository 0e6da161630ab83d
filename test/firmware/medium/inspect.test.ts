import { describe, expect, test } from 'vitest';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { inspectMedium } from '../../../firmware/medium/inspect.js';
import { exporting, hex, primaryAtT0, swapTwoChunks, verify } from '../support/media.js';
import { filled, type PrimaryCard } from '../support/primary-card.js';
import { damageMedium, flipBit, MEDIUM, mediumBytes, mediumWith } from '../support/contents.js';
import { run } from '../support/tasks.js';

function exported(): PrimaryCard {
  const card = primaryAtT0();
  run(card.core.loop, exporting(card));
  return card;
}

function inspector({ core }: PrimaryCard): Parameters<typeof inspectMedium>[0] {
  return { loop: core.loop, drive: core.hal.medium, digest: core.hal.digest };
}

describe('inspecting a medium', () => {
  test('tells what its label and seal say', () => {
    const card = exported();
    const { label, seal, lengthBytes } = run(card.core.loop, inspectMedium(inspector(card), MEDIUM));
    const { identity } = card.core.state.control.current;
    expect([label.relationshipId, label.volumeId, seal?.root].map(hex)).toEqual([identity.relationshipId, identity.volumeId, identity.mediumRoot].map(hex));
    expect(label).toMatchObject({ generation: identity.generation, sizeBytes: identity.sizeBytes, grainBytes: 4096, firmwareVersion: 'test' });
    expect(seal).toMatchObject({ writtenGrains: 177n, lengthBytes: BigInt(lengthBytes) });
  });

  test.each([
    ['too short', filled(100, 1), 'MEDIUM_NOT_A_MEDIUM'],
    ['something else', filled(20000, 1), 'MEDIUM_NOT_A_MEDIUM'],
  ])('that is %s tells so', (_what, bytes, reason) => {
    const card = primaryAtT0();
    card.board.shelf.set(MEDIUM, mediumWith(bytes));
    expect(() => { run(card.core.loop, inspectMedium(inspector(card), MEDIUM)); }).toThrow(reason);
    expect(card.board.power.openFiles).toBe(0);
  });

  test('of a format to come names the version', () => {
    const card = exported();
    damageMedium(card.board, (bytes) => bytes.fill(2, 8, 9));
    expect(() => { run(card.core.loop, inspectMedium(inspector(card), MEDIUM)); }).toThrow('MEDIUM_UNSUPPORTED_VERSION: format 2');
  });

  test('that is not there tells so', () => {
    const card = primaryAtT0();
    expect(() => { run(card.core.loop, inspectMedium(inspector(card), MEDIUM)); }).toThrow('MEDIUM_NOT_FOUND');
  });
});

describe('verifying a medium', () => {
  test('finds nothing wrong with a whole one', () => {
    const verdict = verify(exported());
    expect(verdict).toMatchObject({ damage: [], damageCount: 0 });
    expect(verdict.chunks).toBe(Number(verdict.summary.seal?.chunks));
  });

  test('lists each damaged chunk, and goes on behind it', () => {
    const card = exported();
    for (const at of [9000, 300_000, 700_000]) flipBit(card.board, at);
    const { damage, damageCount } = verify(card);
    expect(damageCount).toBe(3);
    expect(damage.map(({ status }) => status)).toEqual(Array<Status>(3).fill(Status.MEDIUM_DAMAGED));
    expect(damage[0]?.detail).toBe('chunk 0 at byte 8192: its digest does not hold');
  });

  test('names both chunks that changed places', () => {
    const card = exported();
    const [first, second] = swapTwoChunks(card.board);
    expect(verify(card).damage.map(({ detail }) => Number(/^chunk (\d+) at/.exec(detail)?.[1]))).toEqual([first, second]);
  });

  test('stops where the next chunk cannot be found any more, and says where', () => {
    const card = exported();
    damageMedium(card.board, (bytes) => bytes.fill(0xff, 8192, 8200));
    expect(verify(card).damage).toEqual([{ status: Status.MEDIUM_DAMAGED, detail: 'chunk 0 at byte 8192: its length is impossible' }]);
  });

  test('of an unsealed one says so, and checks what is there', () => {
    const card = exported();
    damageMedium(card.board, (bytes) => bytes.fill(0, 4096, 8192));
    const { damage, chunks } = verify(card);
    expect(damage).toEqual([{ status: Status.MEDIUM_UNSEALED, detail: '' }]);
    expect(chunks).toBeGreaterThan(10);
  });

  test('of a truncated one says how much is missing, and which chunk is cut', () => {
    const card = exported();
    damageMedium(card.board, (bytes) => bytes.slice(0, 600_000));
    const { damage } = verify(card);
    expect(damage.map(({ status }) => status)).toEqual([Status.MEDIUM_TRUNCATED, Status.MEDIUM_DAMAGED]);
    expect(damage[1]?.detail).toMatch(/it reaches past the end of the medium$/);
  });

  test('finds whole chunks that are not those that were sealed', () => {
    const card = exported();
    const other = primaryAtT0(9);
    run(other.core.loop, exporting(other));
    damageMedium(card.board, (bytes) => {
      bytes.set(mediumBytes(other.board).subarray(0, 4096));
      return bytes;
    });
    expect(verify(card).damage).toEqual([{ status: Status.MEDIUM_DAMAGED, detail: 'the chunks are whole, but are not those that were sealed' }]);
  });
});
