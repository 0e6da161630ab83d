import type { JobStatus } from '../../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { CardCore } from '../../../firmware/core.js';
import type { Task } from '../../../firmware/kernel/pending.js';
import { prepareExport, runExport } from '../../../firmware/medium/export.js';
import type { ExportContext } from '../../../firmware/medium/export-context.js';
import { type MediumVerdict, verifyMedium } from '../../../firmware/medium/inspect.js';
import { HaltRequest } from '../../../firmware/medium/job.js';
import { beginLoad, prepareLoad, runLoad } from '../../../firmware/medium/load.js';
import type { LoadContext } from '../../../firmware/medium/load-context.js';
import { MEDIUM_MEMORY_BYTES } from '../../../firmware/medium/medium-memory.js';
import { decodeChunk } from '../../../firmware/medium/chunk-format.js';
import { CHUNKS_OFFSET_BYTES } from '../../../firmware/medium/label-blocks.js';
import { SMALL_GEOMETRY } from '../../../emulator/simulation/geometries.js';
import { chunkPlaces as placesOfChunks, exchange, type Place } from '../../../emulator/simulation/medium-chunks.js';
import { formattedBoard, type TestBoard } from './board.js';
import { damageMedium, fill, MEDIUM } from './contents.js';
import { bootPrimary, establish, hostWrite, type PrimaryCard, takeT0 } from './primary-card.js';
import { run } from './tasks.js';

export const GRAIN = SMALL_GEOMETRY.grainBytes;
/** So small that a megabyte has several. */
const CHECKPOINT_BYTES = 64 * 1024;
const MEMORY = new Uint8Array(MEDIUM_MEMORY_BYTES);

/** A primary of 256 grains with runs of written and of unwritten ones, at T0. */
export function primaryAtT0(seed = 1): PrimaryCard {
  const card = bootPrimary(formattedBoard(SMALL_GEOMETRY, seed));
  establish(card);
  const runs: readonly (readonly [first: number, grains: number])[] = [[0, 3], [5, 1], [9, 40], [60, 100], [170, 2], [200, 30], [255, 1]];
  for (const [first, grains] of runs) {
    const bytes = new Uint8Array(grains * GRAIN);
    for (let at = 0; at < bytes.length; at += 512) bytes.fill(1 + ((first * 3 + at / 512) % 251), at, at + 512);
    run(card.core.loop, hostWrite(card, first * GRAIN, bytes));
  }
  run(card.core.loop, takeT0(card));
  return card;
}

export function exportContext({ core, flashCopy }: PrimaryCard): ExportContext {
  return { core, flashCopy, memory: MEMORY, firmwareVersion: 'test', halt: new HaltRequest(), checkpointBytes: CHECKPOINT_BYTES };
}

/** An export from the command to its end. */
export function* exporting(card: PrimaryCard, path = MEDIUM): Task<JobStatus> {
  const context = exportContext(card);
  const prepared = yield* prepareExport(context, path);
  yield* runExport(context, prepared);
  return prepared.job;
}

export function loadContext(core: CardCore): LoadContext {
  return { core, memory: MEMORY, halt: new HaltRequest(), checkpointBytes: CHECKPOINT_BYTES };
}

/** A load from the command to its end. */
export function* loading(core: CardCore, path = MEDIUM, overwrite = false): Task<JobStatus> {
  const context = loadContext(core);
  const prepared = yield* prepareLoad(context, path, overwrite);
  yield* runLoad(context, prepared, yield* beginLoad(context, prepared));
  return prepared.job;
}

/** A standalone card whose disk held something else before. */
export function blankSecondaryBoard(geometry = SMALL_GEOMETRY): TestBoard {
  const board = formattedBoard(geometry, 2);
  fill(board.volume, 0, new Uint8Array(geometry.sizeBytes).fill(0x5a));
  return board;
}

export function verify({ core }: Pick<PrimaryCard, 'core'>, path = MEDIUM): MediumVerdict {
  const inspector = { loop: core.loop, drive: core.hal.medium, digest: core.hal.digest };
  return run(core.loop, verifyMedium(inspector, path, { doneBytes: 0, totalBytes: 0 }));
}

export function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

/** Where each chunk of a whole medium begins and ends. */
export function chunkPlaces(medium: Uint8Array): readonly Place[] {
  const places = placesOfChunks(medium);
  const isWhole = (places.at(-1)?.end ?? CHUNKS_OFFSET_BYTES) >= medium.length;
  const areChunks = places.every(({ start, end }) => {
    const encoded = medium.subarray(start, end);
    return decodeChunk(encoded, encoded.findIndex((byte) => byte < 0x80) + 1) !== undefined;
  });
  if (!isWhole || !areChunks) throw new Error('not a chunk');
  return places;
}

/** Lets two chunks of as much data change places. Returns which two. */
export function swapTwoChunks(board: TestBoard): [number, number] {
  let swapped: [number, number] | undefined;
  damageMedium(board, (medium) => {
    const places = chunkPlaces(medium);
    for (const [j, b] of places.entries()) {
      const i = places.findIndex((a) => a.end - a.start === b.end - b.start);
      const a = places[i];
      if (a === undefined || i === j || a.end - a.start < GRAIN) continue;
      exchange(medium, a, b);
      swapped = [i, j];
      return medium;
    }
    return medium;
  });
  if (swapped === undefined) throw new Error('no two chunks carry as much');
  return swapped;
}
