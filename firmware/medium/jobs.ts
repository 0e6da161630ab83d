import { Status } from '../../protos/gen/grainlink/common/v1/common_pb.js';
import type { JobStatus } from '../../protos/gen/grainlink/host/v1/admin_pb.js';
import type { CardCore } from '../core.js';
import { CommandError } from '../errors.js';
import type { FlashCopy } from '../flash-copy/flash-copy.js';
import { FIRMWARE_VERSION } from '../identity.js';
import type { Task } from '../kernel/pending.js';
import { Signal } from '../kernel/sync.js';
import { MEDIUM_CHECKPOINT_BYTES, MEDIUM_CHECKPOINT_PARTS } from '../limits.js';
import type { Position } from '../metadata/position-store.js';
import type { Requester } from '../synchronization/requester.js';
import { prepareExport, runExport } from './export.js';
import type { ExportContext } from './export-context.js';
import { HaltRequest } from './job.js';
import { beginLoad, prepareLoad, runLoad } from './load.js';
import type { PreparedLoad } from './load-context.js';
import { MEDIUM_MEMORY_BYTES } from './medium-memory.js';

/** Exports and loads: one at a time, each a task of its own whose progress stands in the status. */
export class MediumJobs {
  readonly #halt = new HaltRequest();
  readonly #context: ExportContext;
  readonly #done: Signal;
  /** The newest job that started. */
  #status: JobStatus | undefined;
  #busy = false;

  /** @param ended tells that a job ended. */
  constructor(
    private readonly core: CardCore,
    flashCopy: FlashCopy,
    private readonly requester: Requester,
    private readonly ended: () => void,
  ) {
    const checkpointBytes = Math.min(MEDIUM_CHECKPOINT_BYTES, core.volume.sizeBytes / MEDIUM_CHECKPOINT_PARTS);
    this.#context = { core, flashCopy, memory: core.hal.memory.take(MEDIUM_MEMORY_BYTES), firmwareVersion: FIRMWARE_VERSION, halt: this.#halt, checkpointBytes };
    this.#done = new Signal(core.loop);
  }

  /** From the moment a job is being prepared. */
  get running(): boolean {
    return this.#busy;
  }

  get status(): JobStatus | undefined {
    return this.#status;
  }

  /** Starts or resumes an export (304). Returns when it runs. */
  *startExport(path: string): Task {
    yield* this.#start(this.#beginExport(path));
  }

  *#beginExport(path: string): Task<Task> {
    const prepared = yield* prepareExport(this.#context, path);
    this.#status = prepared.job;
    return runExport(this.#context, prepared);
  }

  /**
   * Starts or resumes a load (308). Returns when "loading" is durable and it runs. Nothing else may change
   * the relationship while this is under way.
   */
  *startLoad(path: string, overwrite: boolean): Task {
    yield* this.#start(this.#beginLoad(path, overwrite));
  }

  *#beginLoad(path: string, overwrite: boolean): Task<Task> {
    const prepared = yield* prepareLoad(this.#context, path, overwrite);
    const from = yield* this.#begin(prepared);
    this.#status = prepared.job;
    return runLoad(this.#context, prepared, from);
  }

  /** No session may begin meanwhile: its end would label a card consistent that is loading. A card that loads does not dial. */
  *#begin(prepared: PreparedLoad): Task<Position> {
    try {
      yield* this.requester.hold(Status.LINK_LOST, 'the secondary loads a medium', 0n);
      return yield* beginLoad(this.#context, prepared);
    } finally {
      this.requester.release();
    }
  }

  /** Ends a running job at its next chunk; it can be resumed. */
  *halt(): Task {
    this.#halt.want();
    while (this.#busy) yield* this.#done.next();
  }

  *#start(begin: Task<Task>): Task {
    if (this.#busy) throw new CommandError(Status.JOB_RUNNING);
    this.#busy = true;
    let work: Task;
    try {
      work = yield* begin;
    } catch (error) {
      this.#end();
      throw error;
    }
    this.core.loop.spawn('medium job', this.#run(work));
  }

  *#run(work: Task): Task {
    yield* work;
    this.#end();
    this.ended();
    this.requester.wishChanged();
  }

  #end(): void {
    this.#busy = false;
    this.#done.signal();
  }
}
