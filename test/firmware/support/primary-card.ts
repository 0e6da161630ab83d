import { Role } from '../../../protos/gen/grainlink/common/v1/common_pb.js';
import type { CardCore } from '../../../firmware/core.js';
import { FlashCopy } from '../../../firmware/flash-copy/flash-copy.js';
import { BufferPool } from '../../../firmware/kernel/buffer-pool.js';
import type { Task } from '../../../firmware/kernel/pending.js';
import { COPY_ON_WRITE_BUFFERS, MAX_TRANSFER_BYTES } from '../../../firmware/limits.js';
import { newId } from '../../../firmware/metadata/format.js';
import { newGeneration } from '../../../firmware/metadata/generation.js';
import { bootCore, type TestBoard } from './board.js';
import { run } from './tasks.js';

/** The part of a primary that T0 and its export live in. */
export interface PrimaryCard {
  readonly board: TestBoard;
  readonly core: CardCore;
  readonly flashCopy: FlashCopy;
}

export function bootPrimary(board: TestBoard): PrimaryCard {
  const core = bootCore(board);
  const flashCopy = new FlashCopy(core, new BufferPool(core.loop, core.hal.memory, COPY_ON_WRITE_BUFFERS, MAX_TRANSFER_BYTES));
  run(core.loop, flashCopy.recover());
  return { board, core, flashCopy };
}

/** Makes a standalone card the primary of a relationship, as the establishment (302) does. */
export function establish({ core }: PrimaryCard): void {
  run(core.loop, core.state.control.commit((draft) => {
    draft.identity.role = Role.PRIMARY;
    draft.identity.relationshipId = newId(core.hal);
    draft.identity.sourceVolumeId = draft.identity.volumeId;
    draft.identity.establishments += 1;
    draft.identity.generation = newGeneration(draft.identity.establishments, core.hal.entropy);
  }));
}

/** A host write as far as T0 is concerned: gate, lock, copy-on-write, data. */
export function* hostWrite({ core, flashCopy }: PrimaryCard, offsetBytes: number, from: Uint8Array): Task {
  yield* core.hostWrites.enter();
  try {
    const range = core.volume.grainsOf(offsetBytes, from.length);
    const grains = Array.from({ length: range.grains }, (_, i) => range.first + i);
    const lock = yield* core.volume.lockForWrite(offsetBytes, from.length, grains.some((grain) => flashCopy.needsCopy(grain)));
    try {
      for (const grain of grains) if (flashCopy.needsCopy(grain)) yield* flashCopy.preserve(grain);
      yield* core.volume.write(offsetBytes, from);
    } finally {
      core.locks.release(lock);
    }
  } finally {
    core.hostWrites.leave();
  }
}

/** Takes T0 with the hosts drained. */
export function* takeT0({ core, flashCopy }: PrimaryCard): Task {
  yield* core.hostWrites.close();
  try {
    yield* flashCopy.take();
  } finally {
    core.hostWrites.open();
  }
}

/** Everything that hosts would read. */
export function volumeContent({ core }: Pick<PrimaryCard, 'core'>): Uint8Array {
  const bytes = new Uint8Array(core.volume.sizeBytes);
  run(core.loop, core.volume.read(0, bytes));
  return bytes;
}

/** Everything of T0, read in pieces as the export does. */
export function t0Content({ core, flashCopy }: PrimaryCard): Uint8Array {
  const bytes = new Uint8Array(core.volume.sizeBytes);
  const t0Id = flashCopy.t0Id;
  if (t0Id === undefined) throw new Error('there is no T0');
  for (let at = 0; at < bytes.length; at += MAX_TRANSFER_BYTES) {
    run(core.loop, flashCopy.readT0(t0Id, at, bytes.subarray(at, Math.min(bytes.length, at + MAX_TRANSFER_BYTES))));
  }
  return bytes;
}

export function filled(lengthBytes: number, value: number): Uint8Array {
  return new Uint8Array(lengthBytes).fill(value);
}

/** Where two contents differ first; -1 when they do not. (Comparing megabytes with `toEqual` takes seconds.) */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  if (Buffer.compare(a, b) === 0) return -1;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}
