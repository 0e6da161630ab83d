import type { Pending, Task } from '../kernel/pending.js';
import { wait } from '../kernel/pending.js';
import { MAX_TRANSFER_BYTES, MEDIUM_BUFFERS } from '../limits.js';
import type { Position } from '../metadata/position-store.js';
import { chainNext, chunkDigest, encodeChunkHead, type Extent } from './chunk-format.js';
import type { ExportContext, PreparedExport } from './export-context.js';
import { extentAt } from './extent-plan.js';
import { reportProgress } from './job.js';
import { flushMedium, settled } from './medium-io.js';

const READS_AHEAD = MEDIUM_BUFFERS / 2;
const WRITES_BEHIND = MEDIUM_BUFFERS - READS_AHEAD;

/** A chunk on its way from the disk; a marker has no buffer. */
interface Read {
  readonly extent: Extent;
  readonly buffer: Uint8Array | undefined;
  readonly done: Pending<void> | undefined;
}

interface Write {
  readonly buffer: Uint8Array | undefined;
  readonly done: Pending<void>;
}

/**
 * Copies T0 to the medium from a position on: several chunks are read ahead and several are being written
 * while one is digested. Every `checkpointBytes` the position becomes durable, beside the copying.
 */
export class ExportPipeline {
  readonly #reads: Read[] = [];
  readonly #writes: Write[] = [];
  readonly #free: Uint8Array[] = [];
  /** Up to where the volume is planned into chunks. */
  #plannedBytes: number;
  /** After the last chunk handed to the medium. */
  #position: Position;
  #sinceCheckpointBytes = 0;
  #checkpoint: Pending<void> | undefined;

  constructor(
    private readonly context: ExportContext,
    private readonly prepared: PreparedExport,
  ) {
    this.#position = prepared.position;
    this.#plannedBytes = prepared.position.volumeOffsetBytes;
    for (let i = 0; i < MEDIUM_BUFFERS; i += 1) {
      this.#free.push(context.memory.subarray(i * MAX_TRANSFER_BYTES, (i + 1) * MAX_TRANSFER_BYTES));
    }
    reportProgress(this.prepared.job, this.context.core.volume, this.#position);
  }

  /** @returns the position after the last chunk, durable as everything before it. */
  *run(): Task<Position> {
    try {
      this.#readAhead();
      for (let read = this.#reads.shift(); read !== undefined; read = this.#reads.shift()) {
        yield* this.#handOver(read);
        this.#readAhead();
        if (this.#sinceCheckpointBytes >= this.context.checkpointBytes) yield* this.#startCheckpoint();
        this.context.halt.check();
      }
      yield* this.#startCheckpoint();
      yield* this.#endCheckpoint();
      return this.#position;
    } finally {
      // No operation outlives the memory and the medium it works on (rule 10).
      const checkpoint = this.#checkpoint === undefined ? [] : [this.#checkpoint];
      const reads = this.#reads.flatMap((read) => (read.done === undefined ? [] : [read.done]));
      yield* settled([...reads, ...this.#writes.map((write) => write.done), ...checkpoint]);
    }
  }

  #readAhead(): void {
    const { core, flashCopy } = this.context;
    const { t0Id } = this.prepared;
    // The written map is that of T0 only as long as T0 is there.
    flashCopy.mustBe(t0Id);
    while (this.#plannedBytes < core.volume.sizeBytes && this.#reads.length < READS_AHEAD) {
      const extent = extentAt(core.state.t0Written, core.volume.grainBytes, core.volume.sizeBytes, this.#plannedBytes);
      this.#plannedBytes += extent.lengthBytes;
      if (extent.unwritten) {
        this.#reads.push({ extent, buffer: undefined, done: undefined });
        continue;
      }
      const buffer = this.#free.pop();
      if (buffer === undefined) throw new Error('the export lost a buffer');
      const read = flashCopy.readT0(t0Id, extent.offsetBytes, buffer.subarray(0, extent.lengthBytes));
      this.#reads.push({ extent, buffer, done: core.loop.fork('read T0', read) });
    }
  }

  /** Digests a chunk and starts its write. */
  *#handOver({ extent, buffer, done }: Read): Task {
    if (done !== undefined) yield* wait(done);
    if (this.#writes.length === WRITES_BEHIND) yield* this.#endWrite();
    const { loop, hal } = this.context.core;
    const { chunks, chain, mediumOffsetBytes } = this.#position;
    const payload = buffer?.subarray(0, extent.lengthBytes);
    const digest = chunkDigest(hal.digest, chunks, extent, payload);
    const head = encodeChunkHead(chunks, extent, digest);
    const parts = payload === undefined ? [head] : [head, payload];
    this.#writes.push({ buffer, done: loop.start<void>((ended) => { this.prepared.file.write(mediumOffsetBytes, parts, ended); }) });
    const payloadBytes = payload?.length ?? 0;
    this.#position = {
      mediumOffsetBytes: mediumOffsetBytes + head.length + payloadBytes,
      volumeOffsetBytes: extent.offsetBytes + extent.lengthBytes,
      chunks: chunks + 1,
      chain: chainNext(hal.digest, chain, digest),
    };
    this.#sinceCheckpointBytes += payloadBytes;
    this.prepared.job.dataBytes += BigInt(payloadBytes);
    reportProgress(this.prepared.job, this.context.core.volume, this.#position);
  }

  *#endWrite(): Task {
    const write = this.#writes.shift();
    if (write === undefined) return;
    yield* wait(write.done);
    if (write.buffer !== undefined) this.#free.push(write.buffer);
  }

  /** What is handed over becomes durable while copying goes on. */
  *#startCheckpoint(): Task {
    yield* this.#endCheckpoint();
    // A flush covers only the writes completed before it.
    while (this.#writes.length > 0) yield* this.#endWrite();
    this.#sinceCheckpointBytes = 0;
    this.#checkpoint = this.context.core.loop.fork('export checkpoint', this.#makeDurable(this.#position));
  }

  *#endCheckpoint(): Task {
    const checkpoint = this.#checkpoint;
    this.#checkpoint = undefined;
    if (checkpoint !== undefined) yield* wait(checkpoint);
  }

  *#makeDurable(position: Position): Task {
    yield* flushMedium(this.context.core.loop, this.prepared.file);
    yield* this.context.flashCopy.advance(this.prepared.t0Id, position);
  }
}
