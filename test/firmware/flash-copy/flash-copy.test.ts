import { describe, expect, test } from 'vitest';
import type { Operation } from '../../../emulator/simulation/power.js';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { Status } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import { FlashCopyState } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import { PartError } from '../../../firmware/kernel/pending.js';
import { bootPrimary, establish, filled, firstDifference, hostWrite, type PrimaryCard, t0Content, takeT0, volumeContent } from '../support/primary-card.js';
import { formattedBoard } from '../support/board.js';
import { launch, run, settle } from '../support/tasks.js';
import { fillNvram, regionOf } from '../support/contents.js';

const KIB = 1024;
const GRAIN = SMALL_GEOMETRY.grainBytes;
const STORE_GRAINS = SMALL_GEOMETRY.storeBytes / GRAIN;

/** A primary whose first `grains` grains hold their number plus one, and its T0. */
function primaryWithT0(grains = 100, geometry = SMALL_GEOMETRY): PrimaryCard & { readonly image: Uint8Array } {
  const card = bootPrimary(formattedBoard(geometry));
  establish(card);
  for (let grain = 0; grain < grains; grain += 1) {
    run(card.core.loop, hostWrite(card, grain * geometry.grainBytes, filled(geometry.grainBytes, grain + 1)));
  }
  run(card.core.loop, takeT0(card));
  return { ...card, image: volumeContent(card) };
}

function failWhen(card: PrimaryCard, matches: (operation: Operation) => boolean): void {
  card.board.power.intercept = (operation) => (matches(operation) ? { part: 'disk', kind: 'io', text: 'broken by the test' } : undefined);
}

describe('T0', () => {
  test('shows what the volume held, whatever hosts write afterwards', () => {
    const card = primaryWithT0();
    const write = (offsetBytes: number, lengthBytes: number): void => {
      run(card.core.loop, hostWrite(card, offsetBytes, filled(lengthBytes, 0xee)));
    };
    write(0, GRAIN);
    write(5 * GRAIN + 512, 512);
    write(7 * GRAIN + 2048, 2 * GRAIN);
    write(200 * GRAIN, GRAIN);
    expect(firstDifference(t0Content(card), card.image)).toBe(-1);
    expect(volumeContent(card)[200 * GRAIN]).toBe(0xee);
  });

  test('saves an overwritten grain once, and a grain never written not at all', () => {
    const card = primaryWithT0();
    for (let i = 0; i < 3; i += 1) run(card.core.loop, hostWrite(card, 5 * GRAIN, filled(GRAIN, 0xee)));
    run(card.core.loop, hostWrite(card, 200 * GRAIN, filled(GRAIN, 0xee)));
    expect(card.flashCopy.grainsInStore).toBe(1);
  });

  test('copes with grains larger than a transfer, and with a short last grain', () => {
    const geometry = { sizeBytes: 1028 * KIB, grainBytes: 512 * KIB, nvramBytes: 64 * KIB, storeBytes: 2048 * KIB };
    const card = primaryWithT0(2, geometry);
    run(card.core.loop, card.flashCopy.end(Status.UNSPECIFIED));
    run(card.core.loop, hostWrite(card, 1024 * KIB, filled(4 * KIB, 3)));
    run(card.core.loop, takeT0(card));
    const image = volumeContent(card);
    run(card.core.loop, hostWrite(card, 100 * KIB, filled(4 * KIB, 0xee)));
    run(card.core.loop, hostWrite(card, 1024 * KIB, filled(4 * KIB, 0xee)));
    expect(firstDifference(t0Content(card), image)).toBe(-1);
    expect(card.flashCopy.grainsInStore).toBe(2);
  });

  test('is found again after a reboot, its store included', () => {
    const card = primaryWithT0();
    run(card.core.loop, hostWrite(card, 0, filled(GRAIN, 0xee)));
    card.board.lose();
    const rebooted = bootPrimary(card.board);
    expect(rebooted.flashCopy.grainsInStore).toBe(1);
    expect(firstDifference(t0Content(rebooted), card.image)).toBe(-1);
  });

  test('cannot be taken twice', () => {
    const card = primaryWithT0();
    expect(() => { run(card.core.loop, takeT0(card)); }).toThrow('FLASH_COPY_ACTIVE');
  });

  test('that has ended is not read', () => {
    const card = primaryWithT0();
    const t0Id = card.flashCopy.t0Id ?? new Uint8Array();
    run(card.core.loop, card.flashCopy.end(Status.FLASH_COPY_STORE_FULL));
    expect(() => { run(card.core.loop, card.flashCopy.readT0(t0Id, 0, new Uint8Array(GRAIN))); }).toThrow('FLASH_COPY_STORE_FULL');
  });

  test('of a new generation of the store does not show what an older T0 saved', () => {
    const card = primaryWithT0();
    run(card.core.loop, hostWrite(card, 0, filled(GRAIN, 0xee)));
    run(card.core.loop, card.flashCopy.end(Status.FLASH_COPY_STOPPED));
    run(card.core.loop, takeT0(card));
    expect(card.flashCopy.grainsInStore).toBe(0);
    expect(firstDifference(t0Content(card), volumeContent(card))).toBe(-1);
  });

  test('tells its state in the words of SVC', () => {
    const card = primaryWithT0();
    const states = [card.flashCopy.state()];
    run(card.core.loop, card.flashCopy.end(Status.UNSPECIFIED));
    states.push(card.flashCopy.state());
    run(card.core.loop, takeT0(card));
    run(card.core.loop, card.flashCopy.end(Status.FLASH_COPY_STORE_FULL));
    states.push(card.flashCopy.state());
    expect(states).toEqual([FlashCopyState.COPYING, FlashCopyState.IDLE_OR_COPIED, FlashCopyState.STOPPED]);
  });
});

describe('rule 6: the old grain is durable in the store before it is overwritten', () => {
  test('store, flush, index, and only then the volume', () => {
    const card = primaryWithT0();
    const seen: string[] = [];
    card.board.power.intercept = ({ part, kind }) => {
      if (kind !== 'read') seen.push(`${part} ${kind}`);
      return undefined;
    };
    run(card.core.loop, hostWrite(card, 0, filled(512, 0xee)));
    expect(seen).toEqual(['store write', 'store flush', 'nvram persist', 'volume write']);
  });

  test('writes that come together share the flush of the store', () => {
    const card = primaryWithT0();
    let flushes = 0;
    card.board.power.intercept = ({ part, kind }) => {
      if (part === 'store' && kind === 'flush') flushes += 1;
      return part === 'store' ? 'hold' : undefined;
    };
    for (let grain = 0; grain < 8; grain += 1) launch(card.core.loop, hostWrite(card, grain * GRAIN, filled(GRAIN, 0xee)));
    settle(card.core.loop);
    while (card.board.power.held.length > 0) {
      card.board.power.release();
      settle(card.core.loop);
    }
    expect(card.flashCopy.grainsInStore).toBe(8);
    expect(flushes).toBeLessThanOrEqual(2);
  });

  test('a read through the pointer excludes an overwrite of the grain', () => {
    const card = primaryWithT0();
    const { power } = card.board;
    const into = new Uint8Array(4 * GRAIN);
    power.intercept = ({ part, kind }) => (part === 'volume' && kind === 'read' ? 'hold' : undefined);
    const reading = launch(card.core.loop, card.flashCopy.readT0(card.flashCopy.t0Id ?? new Uint8Array(), 0, into));
    settle(card.core.loop);
    const effects = power.effects;
    // Everything but that one read may go on.
    power.intercept = undefined;
    const writing = launch(card.core.loop, hostWrite(card, 2 * GRAIN, filled(GRAIN, 0xee)));
    settle(card.core.loop);
    expect([writing.ended, power.effects]).toEqual([false, effects]);
    power.release();
    settle(card.core.loop);
    reading.result();
    writing.result();
    expect(firstDifference(into, card.image.subarray(0, 4 * GRAIN))).toBe(-1);
  });

  test('a grain that even the older export position has passed is not saved; one beyond it is', () => {
    const card = primaryWithT0();
    const t0Id = card.flashCopy.t0Id ?? new Uint8Array();
    const position = (volumeOffsetBytes: number): { mediumOffsetBytes: number; volumeOffsetBytes: number; chunks: number; chain: Uint8Array } => ({
      mediumOffsetBytes: 8192, volumeOffsetBytes, chunks: 1, chain: new Uint8Array(32),
    });
    run(card.core.loop, card.flashCopy.advance(t0Id, position(10 * GRAIN)));
    expect([0, 9, 10, 20].map((grain) => card.flashCopy.needsCopy(grain))).toEqual([true, true, true, true]);
    run(card.core.loop, card.flashCopy.advance(t0Id, position(20 * GRAIN)));
    expect([0, 9, 10, 20].map((grain) => card.flashCopy.needsCopy(grain))).toEqual([false, false, true, true]);
  });
});

describe('rule 6: damage or a full store ends T0, and hosts go on', () => {
  test('a full store: the write succeeds, T0 is durably gone', () => {
    const card = primaryWithT0();
    for (let grain = 0; grain <= STORE_GRAINS; grain += 1) {
      run(card.core.loop, hostWrite(card, grain * GRAIN, filled(GRAIN, 0xee)));
    }
    card.board.lose();
    const rebooted = bootPrimary(card.board);
    expect(rebooted.flashCopy.active).toBe(false);
    expect(rebooted.core.state.control.current.flashCopy?.ended).toBe(Status.FLASH_COPY_STORE_FULL);
  });

  test.each([
    ['a store that cannot be written', (o: Operation) => o.part === 'store' && o.kind === 'write'],
    ['a store that cannot be flushed', (o: Operation) => o.part === 'store' && o.kind === 'flush'],
    ['old data that cannot be read', (o: Operation) => o.part === 'volume' && o.kind === 'read'],
  ])('%s', (_what, matches) => {
    const card = primaryWithT0();
    failWhen(card, matches);
    run(card.core.loop, hostWrite(card, 3 * GRAIN, filled(GRAIN, 0xee)));
    card.board.power.intercept = undefined;
    expect(card.core.state.control.current.flashCopy?.ended).toBe(Status.FLASH_COPY_DAMAGED);
    expect(volumeContent(card)[3 * GRAIN]).toBe(0xee);
  });

  test('an NVRAM that cannot hold even the end of T0: the write fails, and T0 is whole', () => {
    const card = primaryWithT0();
    failWhen(card, ({ part }) => part === 'nvram');
    expect(() => { run(card.core.loop, hostWrite(card, 3 * GRAIN, filled(GRAIN, 0xee))); }).toThrow(PartError);
    card.board.power.intercept = undefined;
    expect(firstDifference(t0Content(card), card.image)).toBe(-1);
    expect(firstDifference(volumeContent(card), card.image)).toBe(-1);
  });

  test('an index that cannot be right ends T0 at boot', () => {
    const card = primaryWithT0();
    run(card.core.loop, hostWrite(card, 0, filled(GRAIN, 0xee)));
    const { t0Index } = card.core.state.layout;
    const index = regionOf(card.board, t0Index);
    index.copyWithin(4, 0, 4);
    fillNvram(card.board, t0Index.offsetBytes, index);
    card.board.lose();
    expect(bootPrimary(card.board).core.state.control.current.flashCopy?.ended).toBe(Status.FLASH_COPY_DAMAGED);
  });

  test('T0 ended while a grain is being saved: the write goes on, and the next T0 knows nothing of it', () => {
    const card = primaryWithT0();
    const { power } = card.board;
    power.intercept = ({ part, kind }) => (part === 'store' && kind === 'write' ? 'hold' : undefined);
    const writing = launch(card.core.loop, hostWrite(card, 3 * GRAIN, filled(GRAIN, 0xee)));
    settle(card.core.loop);
    run(card.core.loop, card.flashCopy.end(Status.FLASH_COPY_STOPPED));
    power.intercept = undefined;
    power.release();
    settle(card.core.loop);
    writing.result();
    run(card.core.loop, takeT0(card));
    expect(card.flashCopy.grainsInStore).toBe(0);
    expect(t0Content(card)[3 * GRAIN]).toBe(0xee);
  });

  test('an export position of a T0 that has ended is refused', () => {
    const card = primaryWithT0();
    const t0Id = card.flashCopy.t0Id ?? new Uint8Array();
    run(card.core.loop, card.flashCopy.end(Status.FLASH_COPY_STOPPED));
    run(card.core.loop, takeT0(card));
    const late = card.flashCopy.advance(t0Id, { mediumOffsetBytes: 8192, volumeOffsetBytes: GRAIN, chunks: 1, chain: new Uint8Array(32) });
    expect(() => { run(card.core.loop, late); }).toThrow('FLASH_COPY_STOPPED');
    expect(card.core.state.position.current).toBeUndefined();
  });
});
