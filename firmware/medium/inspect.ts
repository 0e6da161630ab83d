import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import { CommandError } from '../errors.js';
import type { Digest, MediumDrive, MediumFile } from '../hal.js';
import type { EventLoop } from '../kernel/event-loop.js';
import type { Task } from '../kernel/pending.js';
import { sameBytes } from '../kernel/same-bytes.js';
import { MAX_LISTED_DAMAGE } from '../limits.js';
import type { Chunk } from './chunk-format.js';
import { ChunkReader } from './chunk-reader.js';
import { CHUNKS_OFFSET_BYTES } from './label-blocks.js';
import { closing, openMedium } from './medium-io.js';
import { MEDIUM_MEMORY_BYTES } from './medium-memory.js';
import { MediumStream } from './medium-stream.js';
import { type MediumSummary, readSummary, sealOf } from './medium-summary.js';

/** What it takes to look at a medium without a card. */
export interface MediumInspector {
  readonly loop: EventLoop;
  readonly drive: MediumDrive;
  readonly digest: Digest;
}

/** One thing that is wrong with a medium: `detail` names the chunk and the byte, where there is one. */
export interface MediumDamage {
  readonly status: Status;
  readonly detail: string;
}

export interface MediumVerdict {
  readonly summary: MediumSummary;
  /** Chunks read, damaged ones included. */
  readonly chunks: number;
  /** The first MAX_LISTED_DAMAGE; empty when the medium is sealed and whole. */
  readonly damage: readonly MediumDamage[];
  readonly damageCount: number;
}

/** Grows as a verification goes on. */
export interface VerifyProgress {
  doneBytes: number;
  totalBytes: number;
}

/**
 * What the medium at `path` says of itself.
 *
 * @throws CommandError MEDIUM_NOT_FOUND, and those of readSummary.
 */
export function* inspectMedium(inspector: MediumInspector, path: string): Task<MediumSummary> {
  const file = yield* open(inspector, path);
  return yield* closing(inspector.loop, file, readSummary(inspector.loop, inspector.digest, file));
}

/**
 * Checks every chunk of the medium at `path`, as a load does, and goes on after damage as long as the next
 * chunk can be found.
 *
 * @throws CommandError MEDIUM_NOT_FOUND, those of readSummary, MEDIUM_ERROR.
 */
export function* verifyMedium(inspector: MediumInspector, path: string, progress: VerifyProgress): Task<MediumVerdict> {
  const file = yield* open(inspector, path);
  return yield* closing(inspector.loop, file, verify(inspector, file, progress));
}

function* open({ loop, drive }: MediumInspector, path: string): Task<MediumFile> {
  const file = yield* openMedium(loop, drive, path, 'read');
  if (file === undefined) throw new CommandError(Status.MEDIUM_NOT_FOUND, path);
  return file;
}

function* verify({ loop, digest }: MediumInspector, file: MediumFile, progress: VerifyProgress): Task<MediumVerdict> {
  const summary = yield* readSummary(loop, digest, file);
  const found = new DamageList();
  found.attempt(() => { sealOf(summary); });
  const stream = new MediumStream(loop, file, new Uint8Array(MEDIUM_MEMORY_BYTES), CHUNKS_OFFSET_BYTES, file.lengthBytes);
  const reader = new ChunkReader(stream, digest, summary.label, summary.start);
  progress.totalBytes = file.lengthBytes;
  try {
    yield* checkChunks(reader, stream, found, progress);
  } finally {
    yield* stream.stop();
  }
  // Of a medium without a seal, or damaged otherwise, nothing more can be said.
  if (found.count === 0) found.attempt(() => { checkEnd(summary, reader); });
  return { summary, chunks: reader.position.chunks, damage: found.list, damageCount: found.count };
}

function* checkChunks(reader: ChunkReader, stream: MediumStream, found: DamageList, progress: VerifyProgress): Task {
  while (!reader.atEnd) {
    let chunk: Chunk;
    try {
      chunk = yield* reader.next();
    } catch (error) {
      if (error instanceof CommandError && error.status === Status.MEDIUM_ERROR) throw error;
      found.add(error);
      return;
    }
    const fault = reader.faultOf(chunk);
    if (fault !== undefined) found.add(reader.damage(fault));
    reader.accept(chunk);
    progress.doneBytes = reader.position.mediumOffsetBytes;
    stream.release(progress.doneBytes);
  }
}

/** Every chunk was whole: are they together what was sealed? */
function checkEnd(summary: MediumSummary, reader: ChunkReader): void {
  const seal = sealOf(summary);
  const { chunks, chain, mediumOffsetBytes } = reader.position;
  if (BigInt(mediumOffsetBytes) !== seal.lengthBytes) throw reader.damage('nothing should follow the last');
  if (BigInt(chunks) !== seal.chunks || !sameBytes(chain, seal.root)) {
    throw new CommandError(Status.MEDIUM_DAMAGED, 'the chunks are whole, but are not those that were sealed');
  }
}

class DamageList {
  readonly list: MediumDamage[] = [];
  count = 0;

  /** @throws what is not a statement about the medium. */
  add(error: unknown): void {
    if (!(error instanceof CommandError)) throw error;
    this.count += 1;
    if (this.list.length < MAX_LISTED_DAMAGE) this.list.push({ status: error.status, detail: error.detail });
  }

  attempt(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.add(error);
    }
  }
}
