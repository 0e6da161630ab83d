import { type Pending, type Task, wait } from '../kernel/pending.js';
import { MEDIUM_BUFFERS } from '../limits.js';
import type { Position } from '../metadata/position-store.js';
import type { GrainRange } from '../metadata/grain-map.js';
import type { Chunk } from './chunk-format.js';
import { ChunkReader } from './chunk-reader.js';
import { reportProgress } from './job.js';
import type { LoadContext, PreparedLoad } from './load-context.js';
import { settled } from './medium-io.js';
import { MediumStream } from './medium-stream.js';

const WRITES_BEHIND = MEDIUM_BUFFERS / 2;

/** A chunk on its way to the disk; a marker has nothing to wait for. */
interface Write {
  /** Up to where the medium's bytes are free when it is done. */
  readonly endBytes: number;
  readonly done: Pending<void> | undefined;
}

/**
 * Copies chunks to the volume from a position on: the medium is read ahead, each chunk is checked before
 * it is written, several are being written at once. Every `checkpointBytes` the position becomes
 * durable, beside the copying.
 */
export class LoadPipeline {
  readonly #stream: MediumStream;
  readonly #reader: ChunkReader;
  readonly #writes: Write[] = [];
  /** Grains that became whole since the last checkpoint. */
  #loaded: GrainRange[] = [];
  #sinceCheckpointBytes = 0;
  #checkpoint: Pending<void> | undefined;

  constructor(
    private readonly context: LoadContext,
    private readonly prepared: PreparedLoad,
    from: Position,
  ) {
    const { loop, hal } = context.core;
    const { file, seal, summary } = prepared;
    this.#stream = new MediumStream(loop, file, context.memory, from.mediumOffsetBytes, Number(seal.lengthBytes));
    this.#reader = new ChunkReader(this.#stream, hal.digest, summary.label, from);
  }

  /**
   * @returns the position after the last chunk, durable as everything before it.
   * @throws CommandError MEDIUM_DAMAGED naming the chunk; MEDIUM_TRUNCATED, MEDIUM_ERROR, DISK_ERROR,
   * NVRAM_ERROR. What was loaded up to the last checkpoint need not be loaded again.
   */
  *run(): Task<Position> {
    const { job, seal } = this.prepared;
    const { volume } = this.context.core;
    try {
      while (!this.#reader.atEnd) {
        this.context.halt.check();
        yield* this.#loadChunk(yield* this.#reader.next());
        reportProgress(job, volume, this.#reader.position);
        if (this.#sinceCheckpointBytes >= this.context.checkpointBytes) yield* this.#startCheckpoint();
      }
      if (BigInt(this.#reader.position.mediumOffsetBytes) !== seal.lengthBytes) throw this.#reader.damage('nothing should follow the last');
      yield* this.#startCheckpoint();
      yield* this.#endCheckpoint();
      return this.#reader.position;
    } finally {
      // No operation outlives the memory and the medium it works on (rule 10).
      yield* this.#stream.stop();
      const writes = this.#writes.flatMap((write) => (write.done === undefined ? [] : [write.done]));
      yield* settled(this.#checkpoint === undefined ? writes : [...writes, this.#checkpoint]);
    }
  }

  *#loadChunk(chunk: Chunk): Task {
    const fault = this.#reader.faultOf(chunk);
    if (fault !== undefined) throw this.#reader.damage(fault);
    if (this.#writes.length === WRITES_BEHIND) yield* this.#endWrite();
    this.#reader.accept(chunk);
    const endBytes = this.#reader.position.mediumOffsetBytes;
    this.#writes.push({ endBytes, done: chunk.unwritten ? undefined : this.#startWrite(chunk) });
  }

  #startWrite(chunk: Chunk): Pending<void> {
    const { loop, volume } = this.context.core;
    this.#sinceCheckpointBytes += chunk.lengthBytes;
    this.prepared.job.dataBytes += BigInt(chunk.lengthBytes);
    this.#noteLoaded(chunk);
    const write = volume.writePiece(chunk.offsetBytes, chunk.payload);
    return loop.fork('load chunk', write);
  }

  /** A grain is whole with the chunk in which it ends: the ones before were in earlier chunks. */
  #noteLoaded({ offsetBytes, lengthBytes }: Chunk): void {
    const { grainBytes, sizeBytes, grains } = this.context.core.volume;
    const end = offsetBytes + lengthBytes;
    const first = Math.floor(offsetBytes / grainBytes);
    const next = end === sizeBytes ? grains : Math.floor(end / grainBytes);
    if (next === first) return;
    const last = this.#loaded.at(-1);
    if (last !== undefined && last.first + last.grains === first) this.#loaded.splice(-1, 1, { first: last.first, grains: next - last.first });
    else this.#loaded.push({ first, grains: next - first });
  }

  *#endWrite(): Task {
    const write = this.#writes.shift();
    if (write === undefined) return;
    if (write.done !== undefined) yield* wait(write.done);
    this.#stream.release(write.endBytes);
  }

  /** What is handed over becomes durable while copying goes on. */
  *#startCheckpoint(): Task {
    yield* this.#endCheckpoint();
    // A flush covers only the writes completed before it.
    while (this.#writes.length > 0) yield* this.#endWrite();
    const loaded = this.#loaded;
    this.#loaded = [];
    this.#sinceCheckpointBytes = 0;
    this.#checkpoint = this.context.core.loop.fork('load checkpoint', this.#makeDurable(loaded, this.#reader.position));
  }

  *#endCheckpoint(): Task {
    const checkpoint = this.#checkpoint;
    this.#checkpoint = undefined;
    if (checkpoint !== undefined) yield* wait(checkpoint);
  }

  *#makeDurable(loaded: readonly GrainRange[], position: Position): Task {
    const { volume, state } = this.context.core;
    yield* volume.flush();
    // Rule 19: the written map follows the data, and the position both.
    yield* volume.markWritten(loaded);
    yield* state.position.advance(position);
  }
}
